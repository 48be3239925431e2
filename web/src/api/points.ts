import type { Page } from './answer'
import { get, post, put, remove } from './ask'
import type { Schemas } from './schemas'

export type Point = Schemas['PointView']
export type PointFields = Schemas['PointForm']
export type Dossier = Schemas['DossierForm']
export type PointClass = Schemas['PointClass']
export type PointPresence = Schemas['PointPresence']
export type MapPoint = Schemas['MapPoint']
export type MapCluster = Schemas['MapCluster']
export type MapFrame = Schemas['MapFrame']
export type PointRevision = Schemas['PointRevision']
export type PointDocument = Schemas['DocumentView']
export type DocumentKind = Schemas['DocumentKind']
export type RegisterField = Schemas['FieldView']

/** What a list lets through; empty lets everything through. */
export interface PointsWanted {
  text?: string
  organisation_id?: string
  area?: string
  point_class?: string
  legal_class?: string
  presence?: string
  complete?: string
}

export const find = (wanted: PointsWanted, afterNumber?: string | number | null, limit = 100) =>
  get<Page<Point>>('/api/points', { ...wanted, after_number: afterNumber, limit })
export const list = (text = '', afterNumber?: string | number | null, limit = 100) => find({ text }, afterNumber, limit)
export const one = (id: string) => get<Point>(`/api/points/${id}`)
export const add = (point: PointFields) => post<Point>('/api/points', point)
export const change = (id: string, point: PointFields) => put<Point>(`/api/points/${id}`, point)
export const inside = (west: number, south: number, east: number, north: number) =>
  get<MapPoint[]>('/api/points/map', { west, south, east, north })

/** What the map shows, by state and class; empty lets everything through. */
export interface MapFilters {
  presence: PointPresence[]
  point_class: PointClass[]
}
export type Bounds = [west: number, south: number, east: number, north: number]
export type Corner = [longitude: number, latitude: number]
const boxed = ([west, south, east, north]: Bounds) => ({ west, south, east, north })

/** A frame of the map by zoom: what stands too close together comes as clusters. */
export const frame = (bounds: Bounds, zoom: number, filters: MapFilters) =>
  get<Schemas['MapFrame']>('/api/points/map/frame', { ...boxed(bounds), zoom, ...filters })
/** The points of a frame, or of an area drawn in it, by number. */
export const inArea = (bounds: Bounds, corners: readonly Corner[], filters: MapFilters, afterNumber?: string | number | null, limit = 100) =>
  get<Schemas['AreaPoints']>('/api/points/map/list', {
    ...boxed(bounds), ...filters, limit,
    corners: corners.map((corner) => corner.map((one) => one.toFixed(6)).join(',')).join(';'),
    after_number: afterNumber ?? undefined,
  })
export const history = (id: string, before?: string | number | null) =>
  get<Page<PointRevision>>(`/api/points/${id}/history`, { before_version: before })
export const documents = (id: string) => get<Page<PointDocument>>(`/api/points/${id}/documents`)
export const addDocument = (id: string, document: Schemas['DocumentForm']) =>
  post<PointDocument>(`/api/points/${id}/documents`, document)
export const removeDocument = (id: string, documentId: string) => remove<void>(`/api/points/${id}/documents/${documentId}`)
export const fields = () => get<Page<RegisterField>>('/api/points/fields')
