/**
 * Positions as the tiles need them. The platform speaks WGS-84 only; tiles in GCJ-02, the offset system of Chinese maps,
 * show a place some hundred metres away, so what is drawn is moved there, and what is picked is moved back.
 * The formula is public by analysis, not by standard; the platform has the same (domain/points/rules/datums.py).
 */
import type { Corner } from '@/api/points'

const SEMI_MAJOR_M = 6_378_245
const ECCENTRICITY_SQUARED = 0.006693421622965943
const [WEST, SOUTH, EAST, NORTH] = [72.004, 0.8293, 137.8347, 55.8271]
const STEPS = 8

export interface MapDatum {
  drawn: (place: Corner) => Corner
  meant: (place: Corner) => Corner
}

const wave = (at: number, height: number, perPi: number) => (height * Math.sin(at * perPi * Math.PI) * 2) / 3

function offsetNorth(x: number, y: number): number {
  const value = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x))
  return value + wave(x, 20, 6) + wave(x, 20, 2) + wave(y, 20, 1) + wave(y, 40, 1 / 3) + wave(y, 160, 1 / 12) + wave(y, 320, 1 / 30)
}

function offsetEast(x: number, y: number): number {
  const value = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x))
  return value + wave(x, 20, 6) + wave(x, 20, 2) + wave(x, 20, 1) + wave(x, 40, 1 / 3) + wave(x, 150, 1 / 12) + wave(x, 300, 1 / 30)
}

function toGcj02([longitude, latitude]: Corner): Corner {
  if (longitude < WEST || longitude > EAST || latitude < SOUTH || latitude > NORTH) return [longitude, latitude]
  const [x, y, phi] = [longitude - 105, latitude - 35, (latitude * Math.PI) / 180]
  const magic = 1 - ECCENTRICITY_SQUARED * Math.sin(phi) ** 2
  const meridian = (SEMI_MAJOR_M * (1 - ECCENTRICITY_SQUARED)) / (magic * Math.sqrt(magic))
  const parallel = (SEMI_MAJOR_M / Math.sqrt(magic)) * Math.cos(phi)
  const degrees = 180 / Math.PI
  return [longitude + (offsetEast(x, y) / parallel) * degrees, latitude + (offsetNorth(x, y) / meridian) * degrees]
}

function fromGcj02(shown: Corner): Corner {
  let guess = shown
  for (let step = 0; step < STEPS; step++) {
    const there = toGcj02(guess)
    guess = [guess[0] + shown[0] - there[0], guess[1] + shown[1] - there[1]]
  }
  return guess
}

export const datumOf = (name: 'wgs84' | 'gcj02'): MapDatum =>
  name === 'gcj02' ? { drawn: toGcj02, meant: fromGcj02 } : { drawn: (place) => place, meant: (place) => place }
