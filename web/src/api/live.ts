import { get, post } from './ask'
import type { Schemas } from './schemas'

export type WatchPlace = Schemas['WatchView']
export type StreamNow = Schemas['StreamView']
export type StreamTrace = Schemas['TraceView']

export const watch = (pointId: string, purpose: string) => post<WatchPlace>(`/api/live/${pointId}/watch`, { purpose })
export const streams = () => get<StreamNow[]>('/api/live/streams')
export const traces = (pointId: string) => get<StreamTrace[]>(`/api/live/${pointId}/traces`)
