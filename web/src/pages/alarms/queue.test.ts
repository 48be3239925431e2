import { describe, expect, it } from 'vitest'
import type { Alarm } from '@/api/alarms'
import { ordered, QueueOrder } from './queue'

function alarm(id: string, priority: number, raised: string): Alarm {
  return { id, priority, raised_at: `2026-11-20T12:${raised}.000Z`, state: 'raised' } as Alarm
}

const FIRE = alarm('fire', 1, '00:10')
const HOLD_UP = alarm('hold-up', 2, '00:05')
const OLD_BURGLARY = alarm('old', 4, '00:01')
const NEW_BURGLARY = alarm('new', 4, '00:09')
const ids = (alarms: readonly Alarm[]) => alarms.map((one) => one.id)
const held = (order: QueueOrder, alarms: Alarm[]) => order.arrange(alarms).held.map((row) => row.alarm.id)

describe('the order of the queue', () => {
  it('puts the highest priority first, and the oldest of one priority first', () => {
    expect(ids(ordered([NEW_BURGLARY, OLD_BURGLARY, FIRE, HOLD_UP]))).toEqual(['fire', 'hold-up', 'old', 'new'])
  })

  it('shows a new alarm beside what is held, even when it is more urgent', () => {
    const order = new QueueOrder()
    expect(held(order, [OLD_BURGLARY, NEW_BURGLARY])).toEqual(['old', 'new'])

    const queue = order.arrange([OLD_BURGLARY, NEW_BURGLARY, FIRE])

    expect(queue.held.map((row) => row.alarm.id)).toEqual(['old', 'new'])
    expect(ids(queue.fresh)).toEqual(['fire'])
  })

  it('keeps the place of an alarm whose priority changes', () => {
    const order = new QueueOrder()
    order.arrange([OLD_BURGLARY, NEW_BURGLARY])
    expect(held(order, [OLD_BURGLARY, { ...NEW_BURGLARY, priority: 1 }])).toEqual(['old', 'new'])
  })

  it('keeps an alarm that has left, dimmed, until order is asked for', () => {
    const order = new QueueOrder()
    order.arrange([FIRE, OLD_BURGLARY])

    const queue = order.arrange([OLD_BURGLARY])
    expect(queue.held.map((row) => [row.alarm.id, row.gone])).toEqual([['fire', true], ['old', false]])
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
    expect(queue.held.map((row) => row.alarm.id)).toEqual(['hold-up'])
    expect(queue.fresh).toEqual([])
  })
})
