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

const MOST_PAGES = 20

/** A list that is needed whole (names, choices), page by page; after twenty pages it is long enough for any choice. */
export async function everyPage<Item>(page: (after: string) => Promise<Answer<Page<Item>>>): Promise<Answer<Page<Item>>> {
  const items: Item[] = []
  let after = ''
  for (let count = 0; count < MOST_PAGES; count += 1) {
    const answer = await page(after)
    if (answer.status === 'refused') return answer
    items.push(...answer.value.items)
    after = String(answer.value.next ?? '')
    if (!after) break
  }
  return ok({ items, next: after || null })
}
