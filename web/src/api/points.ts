import type { Page } from './answer'
import { get, post, put, remove } from './ask'
import type { Schemas } from './schemas'

export type Point = Schemas['PointView']
export type PointFields = Schemas['PointForm']
export type Dossier = Schemas['DossierForm']
export type PointClass = Schemas['PointClass']
export type PointPresence = Schemas['PointPresence']
export type MapPoint = Schemas['MapPoint']
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
export const history = (id: string, before?: string | number | null) =>
  get<Page<PointRevision>>(`/api/points/${id}/history`, { before_version: before })
export const documents = (id: string) => get<Page<PointDocument>>(`/api/points/${id}/documents`)
export const addDocument = (id: string, document: Schemas['DocumentForm']) =>
  post<PointDocument>(`/api/points/${id}/documents`, document)
export const removeDocument = (id: string, documentId: string) => remove<void>(`/api/points/${id}/documents/${documentId}`)
export const fields = () => get<Page<RegisterField>>('/api/points/fields')
