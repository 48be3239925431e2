/** What lies under the points: the customer's own tiles, or the invented demo city. */
import type { StyleSpecification } from 'maplibre-gl'
import * as mapApi from '@/api/map'
import type { Basemap } from '@/api/map'
import type { Corner } from '@/api/points'
import type { Language } from '@/words'
import { datumOf, type MapDatum } from './mapDatum'
import { CITY_CENTRE, baseStyle } from './mapStyle'
import { tileStyle } from './tileStyle'

export interface MapBase {
  /** null: the invented demo city */
  tiles: Basemap | null
  datum: MapDatum
  centre: Corner
  zoom: number
  style: (language: Language) => StyleSpecification
}

const DEMO_CITY: MapBase = { tiles: null, datum: datumOf('wgs84'), centre: CITY_CENTRE, zoom: 12.4, style: baseStyle }

export async function mapBase(): Promise<MapBase> {
  const answer = await mapApi.inUse()
  const tiles = answer.status === 'ok' ? answer.value.basemap : null
  if (!tiles) return DEMO_CITY
  const [west, south, east, north] = tiles.bounds as [number, number, number, number]
  return {
    tiles, datum: datumOf(tiles.datum), centre: [(west + east) / 2, (south + north) / 2],
    zoom: Math.max(tiles.min_zoom, Math.min(12.4, tiles.max_zoom)), style: (language) => tileStyle(tiles, language),
  }
}
