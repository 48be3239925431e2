/**
 * The customer's own tiles in the theme's colours. Vector tiles name their layers as OpenMapTiles, Protomaps or Shortbread
 * do; what goes by another name is drawn as thin lines. Pictures are dimmed in the dark. Letters are drawn by the browser
 * itself: no glyphs, no sprites, no request beyond the platform.
 */
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl'
import { tileAddress, type Basemap } from '@/api/map'
import { theme } from '@/session/preferences'
import type { Language } from '@/words'
import { token } from './mapStyle'

const KINDS: Record<string, readonly string[]> = {
  earth: ['earth'],
  land: ['landuse', 'landcover', 'land', 'park', 'sites'],
  water: ['water', 'ocean', 'water_polygons'],
  waterLines: ['waterway', 'water_lines', 'physical_line'],
  buildings: ['building', 'buildings'],
  roads: ['transportation', 'roads', 'streets', 'transit'],
  borders: ['boundary', 'boundaries', 'boundary_lines'],
  names: ['place', 'places', 'place_labels', 'boundary_labels'],
  roadNames: ['transportation_name', 'street_labels'],
  waterNames: ['water_name', 'water_polygons_labels', 'water_lines_labels', 'physical_point'],
}
const UNDRAWN = ['poi', 'pois', 'housenumber', 'addresses', 'mountain_peak', 'aeroway', 'aerodrome_label', 'street_polygons', 'street_polygons_labels', 'dem']
const MAIN_ROADS = ['motorway', 'trunk', 'primary', 'highway', 'major_road']

function vectorLayers(basemap: Basemap, language: Language): LayerSpecification[] {
  const own = ['coalesce', ['get', language === 'en' ? 'name:en' : 'name:zh'], ['get', language === 'en' ? 'name_en' : 'name_zh'], ['get', 'name']]
  const halo = { 'text-color': token('--map-label'), 'text-halo-color': token('--map-land'), 'text-halo-width': 1.5 }
  const of = (kind: string) => basemap.layers.filter((name) => KINDS[kind]?.includes(name))
  const known = [...Object.values(KINDS).flat(), ...UNDRAWN]
  const isMain = ['any', ['in', ['get', 'class'], ['literal', MAIN_ROADS]], ['in', ['get', 'kind'], ['literal', MAIN_ROADS]]]
  const polygons = ['==', ['geometry-type'], 'Polygon']
  const fill = (kind: string, colour: string) => of(kind).map((name) => ({ id: `${kind}-${name}`, type: 'fill', filter: polygons, paint: { 'fill-color': token(colour) }, 'source-layer': name }))
  const line = (kind: string, colour: unknown, width: unknown) => of(kind).map((name) => ({ id: `${kind}-${name}`, type: 'line', paint: { 'line-color': colour, 'line-width': width }, 'source-layer': name }))
  const words = (kind: string, layout: object, minzoom = 0) => of(kind).map((name) => ({ id: `${kind}-${name}`, type: 'symbol', minzoom, layout: { 'text-field': own, 'text-size': 12, ...layout }, paint: halo, 'source-layer': name }))
  const roadColour = ['case', isMain, token('--map-avenue'), token('--map-street')]
  const roadWidth = ['interpolate', ['exponential', 1.5], ['zoom'], 8, ['case', isMain, 0.8, 0.1], 14, ['case', isMain, 3, 1], 18, ['case', isMain, 14, 8]]
  const others = basemap.layers.filter((name) => !known.includes(name))
  const layers = [
    ...fill('earth', '--map-land'), ...fill('land', '--map-park'), ...fill('water', '--map-water'),
    ...line('waterLines', token('--map-water'), 1), ...fill('buildings', '--map-block'),
    ...others.map((name) => ({ id: `other-${name}`, type: 'line', paint: { 'line-color': token('--map-street'), 'line-width': 0.7 }, 'source-layer': name })),
    ...line('roads', roadColour, roadWidth), ...line('borders', token('--map-label'), 0.8),
    ...words('roadNames', { 'symbol-placement': 'line', 'text-size': 11 }, 13), ...words('waterNames', {}, 10), ...words('names', {}),
  ]
  return layers.map((layer) => ({ ...layer, source: 'tiles' }) as LayerSpecification)
}

export function tileStyle(basemap: Basemap, language: Language): StyleSpecification {
  const land = { id: 'land', type: 'background', paint: { 'background-color': token('--map-land') } } as LayerSpecification
  const dimmed = theme.value === 'dark' ? { 'raster-brightness-max': 0.55, 'raster-saturation': -0.6 } : { 'raster-saturation': -0.3 }
  const picture = { id: 'tiles', type: 'raster', source: 'tiles', paint: { ...dimmed, 'raster-fade-duration': 0 } } as LayerSpecification
  const common = { tiles: [tileAddress(basemap)], minzoom: basemap.min_zoom, maxzoom: basemap.max_zoom, bounds: basemap.bounds as [number, number, number, number] }
  return {
    version: 8,
    sources: { tiles: basemap.is_vector ? { ...common, type: 'vector' } : { ...common, type: 'raster', tileSize: basemap.width } },
    layers: [land, ...(basemap.is_vector ? vectorLayers(basemap, language) : [picture])],
  }
}
