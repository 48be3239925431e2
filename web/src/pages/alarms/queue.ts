/**
 * The order of the queue. Nothing moves by itself under the hand: what is shown keeps its place; what is new stands below,
 * counted; what has left stays, dimmed, until the person asks for order.
 */
import type { Alarm, QueueRow } from '@/api/alarms'

/** Why an alarm that was shown is not told any more: it has left the queue, stands in the row of its panel, or far behind. */
export type Away = 'left' | 'folded' | 'behind'

export interface ShownRow {
  alarm: Alarm
  /** alarms of the same panel behind it */
  more: number
  away?: Away | undefined
  fresh?: boolean
}

export interface ShownQueue {
  held: ShownRow[]
  fresh: ShownRow[]
  /** how many have left */
  gone: number
}

const order = (a: Alarm, b: Alarm) => a.priority - b.priority || a.raised_at.localeCompare(b.raised_at) || a.id.localeCompare(b.id)
const panelOf = (alarm: Alarm) => [alarm.source, alarm.account, alarm.priority, alarm.drill, alarm.state, alarm.incident_id].join('\n')

/** Highest priority first; within one, the oldest first. */
export function ordered(rows: readonly QueueRow[]): QueueRow[] {
  return [...rows].sort((a, b) => order(a.alarm, b.alarm))
}

export class QueueOrder {
  private ids: string[] = []
  private readonly lastSeen = new Map<string, Alarm>()

  /** What to show now that the platform says this. `hasMore`: these are the most urgent of more. */
  arrange(rows: readonly QueueRow[], hasMore = false): ShownQueue {
    const now = new Map(rows.map((row) => [row.alarm.id, row]))
    if (!this.ids.some((id) => now.has(id))) this.settle(rows)
    for (const { alarm } of rows) this.lastSeen.set(alarm.id, alarm)
    const away = this.whereabouts(rows, hasMore)
    const held = this.ids.flatMap((id): ShownRow[] => {
      const row = now.get(id)
      if (row) return [{ ...row }]
      const alarm = this.lastSeen.get(id)
      return alarm ? [{ alarm, more: 0, away: away(alarm) }] : []
    })
    const shown = new Set(this.ids)
    const fresh = ordered(rows.filter((row) => !shown.has(row.alarm.id))).map((row) => ({ ...row, fresh: true }))
    return { held, fresh, gone: held.filter((row) => row.away === 'left').length }
  }

  private whereabouts(rows: readonly QueueRow[], hasMore: boolean): (alarm: Alarm) => Away {
    const panels = new Set(rows.filter((row) => row.more > 0).map((row) => panelOf(row.alarm)))
    const last = rows.at(-1)?.alarm
    return (alarm) => {
      if (panels.has(panelOf(alarm))) return 'folded'
      return hasMore && last && order(alarm, last) > 0 ? 'behind' : 'left'
    }
  }

  /** The person asks for order. */
  settle(rows: readonly QueueRow[]): void {
    this.ids = ordered(rows).map((row) => row.alarm.id)
    this.lastSeen.clear()
  }
}
