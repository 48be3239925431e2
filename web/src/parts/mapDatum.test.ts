import { describe, expect, it } from 'vitest'
import type { Corner } from '@/api/points'
import { datumOf } from './mapDatum'

const metres = (a: Corner, b: Corner) => Math.hypot((a[0] - b[0]) * 111_320 * Math.cos((a[1] * Math.PI) / 180), (a[1] - b[1]) * 111_320)

describe('positions on tiles of another datum', () => {
  const gcj02 = datumOf('gcj02')

  it('are drawn where the platform itself says that GCJ-02 has them', () => {
    // domain/points/rules/datums.py, gcj02(Position(118.37, 31.33))
    expect(metres(gcj02.drawn([118.37, 31.33]), [118.3753980, 31.3281398])).toBeLessThan(0.01)
  })

  it.each<Corner>([[118.37, 31.33], [123.43, 41.8], [75.99, 39.47], [109.5, 18.25]])('are picked where they were drawn: %f %f', (...place) => {
    const shown = gcj02.drawn(place)
    expect(metres(shown, place)).toBeGreaterThan(50)
    expect(metres(gcj02.meant(shown), place)).toBeLessThan(0.001)
  })

  it('stay where they are outside China, and on tiles in WGS-84', () => {
    expect(gcj02.drawn([2.35, 48.85])).toEqual([2.35, 48.85])
    expect(datumOf('wgs84').drawn([118.37, 31.33])).toEqual([118.37, 31.33])
  })
})
