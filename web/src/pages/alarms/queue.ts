/**
 * The order of the queue. Nothing moves by itself under the hand: what is shown keeps its place; what is new stands below,
 * counted; what has left stays, dimmed, until the person asks for order.
 */
import type { Alarm } from '@/api/alarms'

export interface QueueRow {
  alarm: Alarm
  gone: boolean
}

export interface Queue {
  held: QueueRow[]
  fresh: Alarm[]
  gone: number
}

/** Highest priority first; within one, the oldest first. */
export function ordered(alarms: readonly Alarm[]): Alarm[] {
  return [...alarms].sort(
    (a, b) => a.priority - b.priority || a.raised_at.localeCompare(b.raised_at) || a.id.localeCompare(b.id),
  )
}

export class QueueOrder {
  private ids: string[] = []
  private readonly lastSeen = new Map<string, Alarm>()

  /** What to show now that the platform says this. */
  arrange(alarms: readonly Alarm[]): Queue {
    const now = new Map(alarms.map((alarm) => [alarm.id, alarm]))
    if (!this.ids.some((id) => now.has(id))) this.settle(alarms)
    for (const alarm of alarms) this.lastSeen.set(alarm.id, alarm)
    const held: QueueRow[] = []
    for (const id of this.ids) {
      const alarm = now.get(id) ?? this.lastSeen.get(id)
      if (alarm) held.push({ alarm, gone: !now.has(id) })
    }
    const shown = new Set(this.ids)
    const fresh = ordered(alarms.filter((alarm) => !shown.has(alarm.id)))
    return { held, fresh, gone: held.filter((row) => row.gone).length }
  }

  /** The person asks for order. */
  settle(alarms: readonly Alarm[]): void {
    this.ids = ordered(alarms).map((alarm) => alarm.id)
    this.lastSeen.clear()
  }
}
