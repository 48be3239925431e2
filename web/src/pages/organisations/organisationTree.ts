/** The tree as rows: each organisation right after its parent, with how deep it stands. */
import type { Organisation } from '@/api/organisations'

export interface TreeRow {
  organisation: Organisation
  depth: number
}

export function treeRows(organisations: readonly Organisation[]): TreeRow[] {
  const below = new Map<string, Organisation[]>()
  for (const one of organisations) below.set(one.parent_id, [...(below.get(one.parent_id) ?? []), one])
  const rows: TreeRow[] = []
  const walk = (parentId: string, depth: number): void => {
    for (const organisation of below.get(parentId) ?? []) {
      rows.push({ organisation, depth })
      walk(organisation.id, depth + 1)
    }
  }
  walk('', 0)
  return rows
}

/** Where an organisation may be moved: never below itself. */
export function possibleParents(organisations: readonly Organisation[], moved: Organisation): Organisation[] {
  const rows = treeRows(organisations)
  const start = rows.findIndex((row) => row.organisation.id === moved.id)
  const own = rows[start]
  let end = start + 1
  while (own && (rows[end]?.depth ?? -1) > own.depth) end++
  return rows.filter((_, index) => index < start || index >= end).map((row) => row.organisation)
}
