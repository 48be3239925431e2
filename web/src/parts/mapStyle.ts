/** The almost monochrome base of the map, in the theme's colours. No glyphs, no tiles, no request beyond our own file. */
import type { StyleSpecification } from 'maplibre-gl'
import type { Language } from '@/words'

export const CITY_CENTRE: [number, number] = [118.37, 31.33]

export const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** our own file: part of the console */
const CITY = `${location.origin}/basemap/city.json`

export function baseStyle(language: Language): StyleSpecification {
  const name = ['get', language === 'en' ? 'en' : 'zh']
  const only = (...kinds: string[]) => ['in', ['get', 'kind'], ['literal', kinds]]
  const label = { 'text-color': token('--map-label'), 'text-halo-color': token('--map-land'), 'text-halo-width': 1.5 }
  return {
    version: 8,
    sources: { city: { type: 'geojson', data: CITY } },
    layers: [
      { id: 'land', type: 'background', paint: { 'background-color': token('--map-land') } },
      { id: 'blocks', type: 'fill', source: 'city', filter: only('block'), minzoom: 12, paint: { 'fill-color': token('--map-block') } },
      { id: 'parks', type: 'fill', source: 'city', filter: only('park'), paint: { 'fill-color': token('--map-park') } },
      { id: 'water', type: 'fill', source: 'city', filter: only('water'), paint: { 'fill-color': token('--map-water') } },
      { id: 'streets', type: 'line', source: 'city', filter: only('street'), minzoom: 12.5, paint: { 'line-color': token('--map-street'), 'line-width': ['interpolate', ['linear'], ['zoom'], 12.5, 0.5, 17, 6] } },
      { id: 'avenues', type: 'line', source: 'city', filter: only('avenue', 'ring'), layout: { 'line-cap': 'round' }, paint: { 'line-color': token('--map-avenue'), 'line-width': ['interpolate', ['linear'], ['zoom'], 10, 0.8, 17, 10] } },
      { id: 'names', type: 'symbol', source: 'city', filter: only('avenue', 'ring'), minzoom: 13, layout: { 'symbol-placement': 'line', 'symbol-spacing': 420, 'text-field': name, 'text-size': 11 }, paint: label },
      { id: 'place-names', type: 'symbol', source: 'city', filter: only('district', 'park', 'water'), layout: { 'text-field': name, 'text-size': 12, 'text-letter-spacing': 0.1 }, paint: label },
    ],
  } as StyleSpecification
}
