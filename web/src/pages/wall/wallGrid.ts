/** Where the panes of a wall stand: squares of a grid, one of them larger in layouts of 6, 8 and 13. Nothing of the screen. */
export interface Pane {
  row: number
  column: number
  span: number
}

export const PANES = [1, 4, 6, 8, 9, 13, 16] as const
export type PaneCount = (typeof PANES)[number]
export type Direction = 'left' | 'right' | 'up' | 'down'

/** side of the grid, and the larger pane */
const SHAPES: Record<PaneCount, [side: number, large?: Pane]> = {
  1: [1],
  4: [2],
  6: [3, { row: 0, column: 0, span: 2 }],
  8: [4, { row: 0, column: 0, span: 3 }],
  9: [3],
  13: [4, { row: 1, column: 1, span: 2 }],
  16: [4],
}

export const sideOf = (count: PaneCount): number => SHAPES[count][0]

/** The larger pane is the first; the others follow row by row. */
export function panesOf(count: PaneCount): Pane[] {
  const [side, large] = SHAPES[count]
  const panes: Pane[] = large ? [large] : []
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const covered = large && row >= large.row && row < large.row + large.span && column >= large.column && column < large.column + large.span
      if (!covered) panes.push({ row, column, span: 1 })
    }
  }
  return panes
}

/** The pane that an arrow key reaches: the nearest one on that side, the same one where there is none. */
export function neighbour(panes: readonly Pane[], from: number, direction: Direction): number {
  const here = panes[from]
  if (!here) return 0
  const far = (pane: Pane) => {
    const ahead = { left: here.column - (pane.column + pane.span), right: pane.column - (here.column + here.span), up: here.row - (pane.row + pane.span), down: pane.row - (here.row + here.span) }[direction]
    const sideways = direction === 'left' || direction === 'right' ? apart(here.row, here.span, pane.row, pane.span) : apart(here.column, here.span, pane.column, pane.span)
    return ahead < 0 || sideways > 0 ? Infinity : ahead * 100 + pane.row * 10 + pane.column
  }
  const best = panes.map((pane, index) => ({ index, far: index === from ? Infinity : far(pane) })).sort((a, b) => a.far - b.far)[0]
  return best && best.far < Infinity ? best.index : from
}

const apart = (a: number, aSpan: number, b: number, bSpan: number) => Math.max(b - (a + aSpan) + 1, a - (b + bSpan) + 1)

/** The fewest panes that hold so many pictures. */
export const panesFor = (pictures: number): PaneCount => PANES.find((count) => count >= pictures) ?? 16
