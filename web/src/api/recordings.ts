import { get } from './ask'
import type { Schemas } from './schemas'

export type RecordedHour = Schemas['HourView']
export type RecordingGap = RecordedHour['gaps'][number]

export const hours = (pointId: string, from: string, until: string) =>
  get<RecordedHour[]>(`/api/recordings/${pointId}/hours`, { from, until })
