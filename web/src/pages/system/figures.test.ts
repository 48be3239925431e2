import { describe, expect, it } from 'vitest'
import { figureWords, groupedFigures } from './figures'

describe('a figure', () => {
  it('is written with the unit that its name carries', () => {
    expect(figureWords('disk_free_bytes', 412_000_000_000)).toEqual({ value: '412.0', unit: 'GB' })
    expect(figureWords('group_commit_p99_ms', 21.53)).toEqual({ value: '21.5', unit: 'ms' })
  })

  it('that is not known is a dash, not zero', () => {
    expect(figureWords('streams', null).value).toBe('–')
    expect(figureWords('streams', 0).value).toBe('0')
  })

  it('stands with its part', () => {
    const groups = groupedFigures({ signals_total: 1, 'sia-dc09.frames': 2, 'sia-dc09.port': 9009 })
    expect(groups.map((group) => [group.part, group.figures.map((figure) => figure.name)])).toEqual([['', ['signals_total']], ['sia-dc09', ['frames']]])
  })
})
