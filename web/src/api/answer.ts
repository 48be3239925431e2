/** What the server says. A refusal is a value that a page shows beside the button that was pressed; it is never thrown. */

/** RFC 9457 problem of the platform, or one that we made because the platform could not be asked. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  kind: ProblemKind
  field?: string
  /** where it happened: "POST /api/incidents" */
  asked: string
  at: string
}

export type ProblemKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'too-many'
  | 'unavailable'
  | 'unreachable'

export type Answer<Value> = { status: 'ok'; value: Value } | { status: 'refused'; problem: Problem }

export interface Page<Item> {
  items: Item[]
  next: string | number | null
}

export const ok = <Value>(value: Value): Answer<Value> => ({ status: 'ok', value })
