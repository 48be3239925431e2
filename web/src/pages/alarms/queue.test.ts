import { describe, expect, it } from 'vitest'
import type { Alarm, QueueRow } from '@/api/alarms'
import { ordered, QueueOrder } from './queue'

function row(id: string, priority: number, raised: string, more = 0): QueueRow {
  return { alarm: { id, priority, raised_at: `2026-11-20T12:${raised}.000Z`, state: 'raised', source: 'sia-dc09', account: id } as Alarm, more }
}

const FIRE = row('fire', 1, '00:10')
const HOLD_UP = row('hold-up', 2, '00:05')
const OLD_BURGLARY = row('old', 4, '00:01')
const NEW_BURGLARY = row('new', 4, '00:09')
const ids = (rows: readonly QueueRow[]) => rows.map((one) => one.alarm.id)
const held = (order: QueueOrder, rows: QueueRow[]) => ids(order.arrange(rows).held)

describe('the order of the queue', () => {
  it('puts the highest priority first, and the oldest of one priority first', () => {
    expect(ids(ordered([NEW_BURGLARY, OLD_BURGLARY, FIRE, HOLD_UP]))).toEqual(['fire', 'hold-up', 'old', 'new'])
  })

  it('shows a new alarm beside what is held, even when it is more urgent', () => {
    const order = new QueueOrder()
    expect(held(order, [OLD_BURGLARY, NEW_BURGLARY])).toEqual(['old', 'new'])

    const queue = order.arrange([OLD_BURGLARY, NEW_BURGLARY, FIRE])

    expect(ids(queue.held)).toEqual(['old', 'new'])
    expect(ids(queue.fresh)).toEqual(['fire'])
  })

  it('keeps the place of an alarm whose priority changes', () => {
    const order = new QueueOrder()
    order.arrange([OLD_BURGLARY, NEW_BURGLARY])
    const urgent = { ...NEW_BURGLARY, alarm: { ...NEW_BURGLARY.alarm, priority: 1 } }
    expect(held(order, [OLD_BURGLARY, urgent])).toEqual(['old', 'new'])
  })

  it('keeps an alarm that has left, dimmed, until order is asked for', () => {
    const order = new QueueOrder()
    order.arrange([FIRE, OLD_BURGLARY])

    const queue = order.arrange([OLD_BURGLARY])
    expect(queue.held.map((one) => [one.alarm.id, one.away])).toEqual([['fire', 'left'], ['old', undefined]])
    expect(queue.gone).toBe(1)

    order.settle([OLD_BURGLARY])
    expect(held(order, [OLD_BURGLARY])).toEqual(['old'])
  })

  it('takes everything in order when asked, and when nothing of it is left', () => {
    const order = new QueueOrder()
    order.arrange([OLD_BURGLARY])
    order.settle([OLD_BURGLARY, FIRE])
    expect(held(order, [OLD_BURGLARY, FIRE])).toEqual(['fire', 'old'])

    const queue = order.arrange([HOLD_UP])
    expect(ids(queue.held)).toEqual(['hold-up'])
    expect(queue.fresh).toEqual([])
  })
})

describe('the queue in a flood', () => {
  const [first, second] = [row('1', 4, '00:01'), row('2', 4, '00:02')]
  first.alarm.account = second.alarm.account = '0007'

  it('does not say that an alarm has left when it stands in the row of its panel now', () => {
    const order = new QueueOrder()
    order.arrange([first, second])

    const queue = order.arrange([{ ...first, more: 6 }])

    expect(queue.held.map((one) => [one.alarm.id, one.more, one.away])).toEqual([['1', 6, undefined], ['2', 0, 'folded']])
    expect(queue.gone).toBe(0)
  })

  it('does not say so either when more urgent ones have pushed it beyond what this console holds', () => {
    const order = new QueueOrder()
    order.arrange([HOLD_UP, OLD_BURGLARY])
    expect(order.arrange([FIRE, HOLD_UP], true).held.map((one) => one.away)).toEqual([undefined, 'behind'])
    expect(order.arrange([FIRE, HOLD_UP], false).held.map((one) => one.away)).toEqual([undefined, 'left'])
  })
})
