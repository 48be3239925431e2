/**
 * Drawing an area on the map by mouse: a box by dragging, or corner after corner until a double click. Owns: the mouse while
 * it draws, the outline. Must not know: what the area is for. Corners are told as the map draws them.
 */
import type { GeoJSONSource, Map as MapView, MapMouseEvent } from 'maplibre-gl'
import type { Corner } from '@/api/points'
import { token } from './mapStyle'

export type Drawing = 'box' | 'polygon'
const LEAST_PIXELS = 6
export const MOST_CORNERS = 100

export function addAreaLayers(map: MapView): void {
  map.addSource('area', { type: 'geojson', data: outline([]) })
  map.addLayer({ id: 'area', type: 'fill', source: 'area', paint: { 'fill-color': token('--accent'), 'fill-opacity': 0.12 } })
  map.addLayer({ id: 'area-line', type: 'line', source: 'area', paint: { 'line-color': token('--accent'), 'line-width': 2 } })
}

export function showArea(map: MapView, corners: readonly Corner[]): void {
  map.getSource<GeoJSONSource>('area')?.setData(outline(corners))
}

function outline(corners: readonly Corner[]): GeoJSON.Feature {
  const ring = corners[0] ? [...corners, corners[0]] : []
  return { type: 'Feature', properties: {}, geometry: ring.length > 3 ? { type: 'Polygon', coordinates: [ring] } : { type: 'LineString', coordinates: ring } }
}

const corner = (event: MapMouseEvent): Corner => [event.lngLat.lng, event.lngLat.lat]
const boxOf = ([x1, y1]: Corner, [x2, y2]: Corner): Corner[] => [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]

/** Begin; `done` hears the corners once. The answer ends it without an area. */
export function drawArea(map: MapView, drawing: Drawing, done: (corners: Corner[]) => void): () => void {
  const canvas = map.getCanvas()
  let corners: Corner[] = []
  let from: { at: Corner; x: number; y: number } | undefined

  function stop(): void {
    map.off('mousedown', down)
    map.off('mousemove', move)
    map.off('mouseup', up)
    map.off('click', click)
    map.off('dblclick', close)
    map.dragPan.enable()
    map.doubleClickZoom.enable()
    canvas.style.cursor = ''
  }
  function finish(area: Corner[]): void {
    stop()
    showArea(map, area)
    done(area)
  }
  function down(event: MapMouseEvent): void {
    event.preventDefault()
    from = { at: corner(event), x: event.point.x, y: event.point.y }
  }
  function move(event: MapMouseEvent): void {
    if (from) showArea(map, boxOf(from.at, corner(event)))
    else if (corners.length > 0) showArea(map, [...corners, corner(event)])
  }
  function up(event: MapMouseEvent): void {
    if (!from) return
    const wide = Math.abs(event.point.x - from.x) >= LEAST_PIXELS && Math.abs(event.point.y - from.y) >= LEAST_PIXELS
    const start = from.at
    from = undefined
    if (wide) finish(boxOf(start, corner(event)))
  }
  function click(event: MapMouseEvent): void {
    if (corners.length < MOST_CORNERS) corners = [...corners, corner(event)]
    showArea(map, corners)
  }
  function close(event: MapMouseEvent): void {
    event.preventDefault()
    corners = corners.slice(0, -1) // the second click of the double click set a corner of its own
    if (corners.length >= 3) finish(corners)
  }

  canvas.style.cursor = 'crosshair'
  map.dragPan[drawing === 'box' ? 'disable' : 'enable']()
  map.doubleClickZoom.disable()
  map.on('mousemove', move)
  if (drawing === 'box') {
    map.on('mousedown', down)
    map.on('mouseup', up)
  } else {
    map.on('click', click)
    map.on('dblclick', close)
  }
  return () => {
    stop()
    showArea(map, [])
  }
}
