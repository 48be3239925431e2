import { describe, expect, it } from 'vitest'
import { duration, moment } from './moments'

describe('moments', () => {
  it('are written in the zone of the site', () => {
    expect(moment('2026-11-20T16:03:11.500Z')).toBe('00:03:11')
    expect(moment('2026-11-20T16:03:11.500Z', 'full')).toBe('2026-11-21 00:03:11')
  })

  it('that are not known are a dash, never zero', () => {
    expect([moment(null), moment('nonsense'), duration(null), duration(Number.NaN)]).toEqual(['–', '–', '–', '–'])
  })

  it('that have passed are counted', () => {
    expect([duration(5), duration(65), duration(3723), duration(200_000)]).toEqual(['0:05', '1:05', '1:02:03', '2d 7h'])
  })
})
