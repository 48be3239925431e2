import { describe, expect, it } from 'vitest'
import { PANES, neighbour, panesFor, panesOf, sideOf } from './wallGrid'

describe('the panes of a wall', () => {
  it.each(PANES)('%i fill their grid without a hole or an overlap', (count) => {
    const panes = panesOf(count)
    const cells = panes.flatMap((pane) =>
      Array.from({ length: pane.span ** 2 }, (_, cell) => `${pane.row + Math.floor(cell / pane.span)},${pane.column + (cell % pane.span)}`),
    )
    expect(panes).toHaveLength(count)
    expect(new Set(cells).size).toBe(cells.length)
    expect(cells).toHaveLength(sideOf(count) ** 2)
  })

  it.each(PANES)('of %i are all reached by arrows from the first', (count) => {
    const panes = panesOf(count)
    const reached = new Set([0])
    for (const at of reached) (['left', 'right', 'up', 'down'] as const).forEach((direction) => reached.add(neighbour(panes, at, direction)))
    expect(reached.size).toBe(count)
  })

  it('an arrow at the edge stays', () => {
    const panes = panesOf(9)
    expect([neighbour(panes, 0, 'left'), neighbour(panes, 2, 'right'), neighbour(panes, 0, 'up'), neighbour(panes, 8, 'down')]).toEqual([0, 2, 0, 8])
    expect([neighbour(panes, 4, 'up'), neighbour(panes, 4, 'down'), neighbour(panes, 4, 'left'), neighbour(panes, 4, 'right')]).toEqual([1, 7, 3, 5])
  })

  it('as many as are needed', () => {
    expect([1, 2, 5, 7, 9, 10, 16, 40].map(panesFor)).toEqual([1, 4, 6, 8, 9, 13, 16, 16])
  })
})
