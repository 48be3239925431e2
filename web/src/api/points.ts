import type { Page } from './answer'
import { get, post, put } from './ask'
import type { Schemas } from './schemas'

export type Point = Schemas['PointView']
export type PointFields = Schemas['PointForm']
export type PointClass = Schemas['PointClass']
export type PointPresence = Schemas['PointPresence']
export type MapPoint = Schemas['MapPoint']

export const list = (text = '', afterNumber?: string | number | null, limit = 100) =>
  get<Page<Point>>('/api/points', { text, after_number: afterNumber, limit })
export const one = (id: string) => get<Point>(`/api/points/${id}`)
export const add = (point: PointFields) => post<Point>('/api/points', point)
export const change = (id: string, point: PointFields) => put<Point>(`/api/points/${id}`, point)
export const inside = (west: number, south: number, east: number, north: number) =>
  get<MapPoint[]>('/api/points/map', { west, south, east, north })
