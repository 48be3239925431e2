/**
 * How long an incident may wait for a unit, and how it stands. The figures are the operator timers of the product: fire and
 * hold-up within 30 s (80 %) and 60 s (98.5 %), others within 90 s and 180 s. A timer, not a judgement: the word stands beside it.
 */
import type { IncidentBrief } from '@/api/incidents'

export type Standing = 'within' | 'over' | 'late'
const URGENT = 2

export const targetSeconds = (priority: number) => (priority <= URGENT ? 30 : 90)
export const limitSeconds = (priority: number) => (priority <= URGENT ? 60 : 180)

export function standing(priority: number, seconds: number): Standing {
  if (seconds <= targetSeconds(priority)) return 'within'
  return seconds <= limitSeconds(priority) ? 'over' : 'late'
}

/** Nobody has been sent, or everybody was called back. */
export const waitsForUnit = (incident: Pick<IncidentBrief, 'state'>) => incident.state === 'taken'

/** Those that wait for a unit first; the most urgent first, then the oldest. */
export function inOrder<One extends Pick<IncidentBrief, 'state' | 'priority' | 'opened_at' | 'id'>>(incidents: readonly One[]): One[] {
  return [...incidents].sort(
    (a, b) => Number(waitsForUnit(b)) - Number(waitsForUnit(a)) || a.priority - b.priority || a.opened_at.localeCompare(b.opened_at) || a.id.localeCompare(b.id),
  )
}
