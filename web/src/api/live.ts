import type { Page } from './answer'
import { get, post, put, remove } from './ask'
import type { Schemas } from './schemas'

export type WatchPlace = Schemas['WatchView']
export type StreamNow = Schemas['StreamView']
export type StreamTrace = Schemas['TraceView']

export const watch = (pointId: string, purpose: string, playsH265 = true) =>
  post<WatchPlace>(`/api/live/${pointId}/watch`, { purpose, plays_h265: playsH265 })
export const streams = () => get<StreamNow[]>('/api/live/streams')
export const traces = (pointId: string) => get<StreamTrace[]>(`/api/live/${pointId}/traces`)

/** by which transport the device's media come, where that had to be learnt */
export type LearntTransport = Schemas['TransportView']
export const transport = (deviceId: string) => get<LearntTransport>(`/api/live/devices/${deviceId}/transport`)
export const forgetTransport = (deviceId: string) => remove<null>(`/api/live/devices/${deviceId}/transport`)

/** a picture that the camera took itself and uploaded */
export interface DevicePicture {
  id: string
  url: string
  taken_at: string
  kept_until: string
  size_bytes: number
}
export const takeDevicePicture = (pointId: string, purpose: string) =>
  post<{ items: DevicePicture[] }>(`/api/live/${pointId}/device-snapshots`, { purpose })

/** a named wall: a person's own, or one that a chief shares */
export type WallLayout = Schemas['LayoutView']
export type WallWords = Schemas['LayoutForm']
export const layouts = () => get<Pick<Page<WallLayout>, 'items'>>('/api/live/layouts')
export const keepLayout = (words: WallWords) => post<WallLayout>('/api/live/layouts', words)
export const changeLayout = (id: string, words: WallWords, version: number) =>
  put<WallLayout>(`/api/live/layouts/${id}`, { ...words, version })
export const removeLayout = (id: string) => remove<null>(`/api/live/layouts/${id}`)
