/**
 * Points on the map: small grey glyphs, filled when well, hollow when not; clusters tell how many are not well; the sector
 * of view on zoom. Places (an incident, premises) are drawn above them by priority.
 */
import type { GeoJSONSource, Map as MapView } from 'maplibre-gl'
import type { Place } from '@/api/places'
import type { MapPoint } from '@/api/points'
import { token } from './mapStyle'

export interface MarkedPlace extends Place {
  id: string
  priority: number
  label: string
}

const METRES_PER_DEGREE = 111_320
const SECTOR_METRES = 60

export function pointFeatures(points: readonly MapPoint[]): GeoJSON.FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: points.map((point) => ({
      type: 'Feature',
      properties: { id: point.id, number: String(point.number), name: point.name, well: point.presence === 'online' ? 1 : 0, unwell: point.presence === 'online' ? 0 : 1 },
      geometry: { type: 'Point', coordinates: [point.longitude, point.latitude] },
    })),
  }
}

function sector(point: MapPoint): GeoJSON.Feature | undefined {
  if (point.view_degrees === null) return undefined
  const angle = point.view_angle_degrees ?? 60
  const metreLat = 1 / METRES_PER_DEGREE
  const metreLon = metreLat / Math.cos((point.latitude * Math.PI) / 180)
  const centre = [point.longitude, point.latitude]
  const ring = [centre]
  for (let step = 0; step <= 8; step++) {
    const bearing = ((point.view_degrees - angle / 2 + (angle * step) / 8) * Math.PI) / 180
    ring.push([point.longitude + SECTOR_METRES * Math.sin(bearing) * metreLon, point.latitude + SECTOR_METRES * Math.cos(bearing) * metreLat])
  }
  return { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [[...ring, centre]] } }
}

export function sectorFeatures(points: readonly MapPoint[]): GeoJSON.FeatureCollection {
  return { type: 'FeatureCollection', features: points.map(sector).filter((one) => one !== undefined) }
}

export function placeFeatures(places: readonly MarkedPlace[]): GeoJSON.FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: places.map((place) => ({
      type: 'Feature',
      properties: { id: place.id, priority: Math.min(4, place.priority), label: place.label },
      geometry: { type: 'Point', coordinates: [place.longitude, place.latitude] },
    })),
  }
}

const NONE: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] }
const SHAPES: Record<number, (pen: CanvasRenderingContext2D) => void> = {
  1: (pen) => [[20, 3], [37, 20], [20, 37], [3, 20]].forEach(([x = 0, y = 0]) => pen.lineTo(x, y)),
  2: (pen) => [[20, 4], [37, 35], [3, 35]].forEach(([x = 0, y = 0]) => pen.lineTo(x, y)),
  3: (pen) => pen.rect(5, 5, 30, 30),
  4: (pen) => pen.arc(20, 20, 15, 0, Math.PI * 2),
}
const COLOURS = ['--critical', '--high', '--medium', '--low']

function drawShapes(map: MapView): void {
  for (const [level, draw] of Object.entries(SHAPES)) {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 40
    const pen = canvas.getContext('2d')
    if (!pen) continue
    pen.beginPath()
    draw(pen)
    pen.closePath()
    pen.fillStyle = token(COLOURS[Number(level) - 1] ?? '--low')
    pen.strokeStyle = token('--surface-0')
    pen.lineWidth = 4
    pen.stroke()
    pen.fill()
    map.addImage(`place-${level}`, pen.getImageData(0, 0, 40, 40), { pixelRatio: 2 })
  }
}

export function addPointLayers(map: MapView): void {
  const [strong, quiet, land, raised] = [token('--text-strong'), token('--text-quiet'), token('--map-land'), token('--surface-3')]
  map.addSource('sectors', { type: 'geojson', data: NONE })
  map.addSource('points', {
    type: 'geojson', data: NONE, cluster: true, clusterRadius: 44, clusterMaxZoom: 15, clusterProperties: { unwell: ['+', ['get', 'unwell']] },
  })
  map.addSource('places', { type: 'geojson', data: NONE })
  map.addLayer({ id: 'sectors', type: 'fill', source: 'sectors', minzoom: 15, paint: { 'fill-color': quiet, 'fill-opacity': 0.22 } })
  map.addLayer({ id: 'clusters', type: 'circle', source: 'points', filter: ['has', 'point_count'], paint: { 'circle-color': raised, 'circle-radius': ['step', ['get', 'point_count'], 13, 20, 17, 200, 22], 'circle-stroke-width': ['case', ['>', ['get', 'unwell'], 0], 2, 1], 'circle-stroke-color': ['case', ['>', ['get', 'unwell'], 0], strong, quiet] } })
  map.addLayer({ id: 'cluster-counts', type: 'symbol', source: 'points', filter: ['has', 'point_count'], layout: { 'text-field': ['case', ['>', ['get', 'unwell'], 0], ['concat', ['to-string', ['get', 'unwell']], '!/', ['to-string', ['get', 'point_count']]], ['to-string', ['get', 'point_count']]], 'text-size': 11, 'text-allow-overlap': true }, paint: { 'text-color': strong } })
  map.addLayer({ id: 'points', type: 'circle', source: 'points', filter: ['!', ['has', 'point_count']], paint: { 'circle-color': ['case', ['==', ['get', 'well'], 1], quiet, land], 'circle-radius': 6, 'circle-stroke-width': 2, 'circle-stroke-color': ['case', ['==', ['get', 'well'], 1], land, quiet] } })
  map.addLayer({ id: 'point-names', type: 'symbol', source: 'points', minzoom: 14, filter: ['!', ['has', 'point_count']], layout: { 'text-field': ['concat', ['get', 'number'], ' ', ['get', 'name']], 'text-size': 11, 'text-offset': [0, 1.1], 'text-anchor': 'top' }, paint: { 'text-color': strong, 'text-halo-color': land, 'text-halo-width': 1.5 } })
  drawShapes(map)
  map.addLayer({ id: 'places', type: 'symbol', source: 'places', layout: { 'icon-image': ['concat', 'place-', ['to-string', ['get', 'priority']]], 'icon-allow-overlap': true, 'text-field': ['get', 'label'], 'text-size': 12, 'text-offset': [0, 1.2], 'text-anchor': 'top', 'text-optional': true }, paint: { 'text-color': strong, 'text-halo-color': land, 'text-halo-width': 2 } })
}

export function setData(map: MapView, source: string, data: GeoJSON.FeatureCollection): void {
  map.getSource<GeoJSONSource>(source)?.setData(data)
}
