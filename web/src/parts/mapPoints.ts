/**
 * Points on the map: small grey glyphs with the number of their class, filled when well, hollow when offline, dashed when
 * nothing is bound; clusters tell how many are not well; the sector of view on zoom. Places (an incident, premises) are drawn
 * above them by priority. A cluster comes from the platform, or is made here where only some points are shown.
 */
import type { ExpressionSpecification, GeoJSONSource, Map as MapView } from 'maplibre-gl'
import type { Place } from '@/api/places'
import type { Corner, MapCluster, MapPoint } from '@/api/points'
import { token } from './mapStyle'

export interface MarkedPlace extends Place {
  id: string
  priority: number
  label: string
}
type Drawn = (place: Corner) => Corner

const METRES_PER_DEGREE = 111_320
const SECTOR_METRES = 60

const feature = (coordinates: Corner, properties: GeoJSON.GeoJsonProperties): GeoJSON.Feature => ({ type: 'Feature', properties, geometry: { type: 'Point', coordinates } })
const gathered = (features: GeoJSON.Feature[]): GeoJSON.FeatureCollection => ({ type: 'FeatureCollection', features })

export function pointFeatures(points: readonly MapPoint[], clusters: readonly MapCluster[], drawn: Drawn): GeoJSON.FeatureCollection {
  return gathered([
    ...clusters.map((cluster) => feature(drawn([cluster.longitude, cluster.latitude]), { point_count: cluster.count, unwell: cluster.offline + cluster.unbound })),
    ...points.map((point) =>
      feature(drawn([point.longitude, point.latitude]), {
        id: point.id, number: String(point.number), name: point.name, glyph: `${point.presence}-${point.point_class}`, unwell: point.presence === 'online' ? 0 : 1,
      }),
    ),
  ])
}

function sector(point: MapPoint, drawn: Drawn): GeoJSON.Feature | undefined {
  if (point.view_degrees === null) return undefined
  const angle = point.view_angle_degrees ?? 60
  const [longitude, latitude] = drawn([point.longitude, point.latitude])
  const metreLat = 1 / METRES_PER_DEGREE
  const metreLon = metreLat / Math.cos((latitude * Math.PI) / 180)
  const ring: Corner[] = [[longitude, latitude]]
  for (let step = 0; step <= 8; step++) {
    const bearing = ((point.view_degrees - angle / 2 + (angle * step) / 8) * Math.PI) / 180
    ring.push([longitude + SECTOR_METRES * Math.sin(bearing) * metreLon, latitude + SECTOR_METRES * Math.cos(bearing) * metreLat])
  }
  return { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [[...ring, [longitude, latitude]]] } }
}

export function sectorFeatures(points: readonly MapPoint[], drawn: Drawn): GeoJSON.FeatureCollection {
  return gathered(points.map((point) => sector(point, drawn)).filter((one) => one !== undefined))
}

export function placeFeatures(places: readonly MarkedPlace[], drawn: Drawn): GeoJSON.FeatureCollection {
  return gathered(places.map((place) => feature(drawn([place.longitude, place.latitude]), { id: place.id, priority: Math.min(4, place.priority), label: place.label })))
}

export function markFeatures(place: Place | null, drawn: Drawn): GeoJSON.FeatureCollection {
  return gathered(place ? [feature(drawn([place.longitude, place.latitude]), {})] : [])
}

const SHAPES: Record<number, (pen: CanvasRenderingContext2D) => void> = {
  1: (pen) => [[20, 3], [37, 20], [20, 37], [3, 20]].forEach(([x = 0, y = 0]) => pen.lineTo(x, y)),
  2: (pen) => [[20, 4], [37, 35], [3, 35]].forEach(([x = 0, y = 0]) => pen.lineTo(x, y)),
  3: (pen) => pen.rect(5, 5, 30, 30),
  4: (pen) => pen.arc(20, 20, 15, 0, Math.PI * 2),
}
const COLOURS = ['--critical', '--high', '--medium', '--low']

function drawn40(map: MapView, name: string, draw: (pen: CanvasRenderingContext2D) => void): void {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 40
  const pen = canvas.getContext('2d')
  if (!pen || map.hasImage(name)) return
  pen.beginPath()
  draw(pen)
  map.addImage(name, pen.getImageData(0, 0, 40, 40), { pixelRatio: 2 })
}

function addShapes(map: MapView): void {
  for (const [level, shape] of Object.entries(SHAPES)) {
    drawn40(map, `place-${level}`, (pen) => {
      shape(pen)
      pen.closePath()
      pen.fillStyle = token(COLOURS[Number(level) - 1] ?? '--low')
      pen.strokeStyle = token('--surface-0')
      pen.lineWidth = 4
      pen.stroke()
      pen.fill()
    })
  }
}

/** Twelve of them: three states, four classes. */
function addGlyphs(map: MapView): void {
  const [quiet, land] = [token('--text-quiet'), token('--map-land')]
  for (const presence of ['online', 'offline', 'unbound']) {
    for (const pointClass of [1, 2, 3, 9]) {
      drawn40(map, `${presence}-${pointClass}`, (pen) => {
        const well = presence === 'online'
        pen.setLineDash(presence === 'unbound' ? [4, 4] : [])
        pen.arc(20, 20, 14, 0, Math.PI * 2)
        pen.fillStyle = well ? quiet : land
        pen.strokeStyle = well ? land : quiet
        pen.lineWidth = 3
        pen.fill()
        pen.stroke()
        pen.font = '600 18px system-ui, sans-serif'
        pen.textAlign = 'center'
        pen.textBaseline = 'middle'
        pen.fillStyle = well ? land : quiet
        pen.fillText(String(pointClass), 20, 21)
      })
    }
  }
}

/** `gathers`: the map makes the clusters itself, because it is shown points only. */
export function addPointLayers(map: MapView, gathers: boolean): void {
  const [strong, quiet, land, raised] = [token('--text-strong'), token('--text-quiet'), token('--map-land'), token('--surface-3')]
  const NONE = gathered([])
  const share: ExpressionSpecification = ['/', ['get', 'unwell'], ['get', 'point_count']]
  addShapes(map)
  addGlyphs(map)
  map.addSource('sectors', { type: 'geojson', data: NONE })
  map.addSource('points', {
    type: 'geojson', data: NONE, ...(gathers && { cluster: true, clusterRadius: 44, clusterMaxZoom: 15, clusterProperties: { unwell: ['+', ['get', 'unwell']] } }),
  })
  map.addSource('places', { type: 'geojson', data: NONE })
  map.addSource('marked', { type: 'geojson', data: NONE })
  map.addLayer({ id: 'sectors', type: 'fill', source: 'sectors', minzoom: 15, paint: { 'fill-color': quiet, 'fill-opacity': 0.14 } })
  map.addLayer({ id: 'clusters', type: 'circle', source: 'points', filter: ['has', 'point_count'], paint: { 'circle-color': raised, 'circle-radius': ['step', ['get', 'point_count'], 13, 20, 17, 200, 22, 5000, 27], 'circle-stroke-width': ['interpolate', ['linear'], share, 0, 1, 0.5, 4], 'circle-stroke-color': ['interpolate', ['linear'], share, 0, quiet, 0.5, strong] } })
  map.addLayer({ id: 'cluster-counts', type: 'symbol', source: 'points', filter: ['has', 'point_count'], layout: { 'text-field': ['case', ['>', ['get', 'unwell'], 0], ['concat', ['to-string', ['get', 'unwell']], '!\n', ['to-string', ['get', 'point_count']]], ['to-string', ['get', 'point_count']]], 'text-size': 11, 'text-line-height': 1.05, 'text-allow-overlap': true }, paint: { 'text-color': strong } })
  map.addLayer({ id: 'points', type: 'symbol', source: 'points', filter: ['!', ['has', 'point_count']], layout: { 'icon-image': ['get', 'glyph'], 'icon-allow-overlap': true, 'icon-size': ['interpolate', ['linear'], ['zoom'], 11, 0.7, 15, 1] } })
  map.addLayer({ id: 'marked', type: 'circle', source: 'marked', paint: { 'circle-opacity': 0, 'circle-radius': 13, 'circle-stroke-width': 2.5, 'circle-stroke-color': token('--accent') } })
  map.addLayer({ id: 'point-names', type: 'symbol', source: 'points', minzoom: 14, filter: ['!', ['has', 'point_count']], layout: { 'text-field': ['concat', ['get', 'number'], ' ', ['get', 'name']], 'text-size': 11, 'text-offset': [0, 1.1], 'text-anchor': 'top' }, paint: { 'text-color': strong, 'text-halo-color': land, 'text-halo-width': 1.5 } })
  map.addLayer({ id: 'places', type: 'symbol', source: 'places', layout: { 'icon-image': ['concat', 'place-', ['to-string', ['get', 'priority']]], 'icon-allow-overlap': true, 'text-field': ['get', 'label'], 'text-size': 12, 'text-offset': [0, 1.2], 'text-anchor': 'top', 'text-optional': true }, paint: { 'text-color': strong, 'text-halo-color': land, 'text-halo-width': 2 } })
}

export function setData(map: MapView, source: string, data: GeoJSON.FeatureCollection): void {
  map.getSource<GeoJSONSource>(source)?.setData(data)
}
