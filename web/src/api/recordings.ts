import { get, path, post } from './ask'
import type { Purpose } from './purposes'
import type { Schemas } from './schemas'

export type RecordedHour = Schemas['HourView']
export type RecordingGap = RecordedHour['gaps'][number]

export const hours = (pointId: string, from: string, until: string) =>
  get<RecordedHour[]>(`/api/recordings/${pointId}/hours`, { from, until })

export type Forecast = Schemas['ForecastView']
export type PlaybackPlace = Schemas['PlaybackView']

/** What is asked before anything recorded is shown: the span, what for, and under which number. */
export interface PlaybackWish {
  fromMs: number
  untilMs: number
  purpose: Purpose
  reference: string
}

export const forecast = () => get<Forecast>('/api/recordings/forecast')
export const play = (pointId: string, wish: PlaybackWish) =>
  post<PlaybackPlace>(`/api/recordings/${pointId}/playback`, {
    from: new Date(wish.fromMs).toISOString(),
    until: new Date(wish.untilMs).toISOString(),
    purpose: wish.purpose,
    reference: wish.reference,
  })
/** One picture, exact to the frame; looking at it is an act of its own in the audit. */
export const stillAddress = (pointId: string, atMs: number, wish: PlaybackWish) =>
  path(`/api/recordings/${pointId}/still.jpg`, { at: new Date(atMs).toISOString(), purpose: wish.purpose, reference: wish.reference })
