import type { Page } from './answer'
import { get, post } from './ask'
import type { Alarm, AlarmStory, Source } from './types'

export const list = (state: 'open' | 'all', after?: string | number | null, limit = 200) =>
  get<Page<Alarm>>('/api/alarms', { state, after, limit })
export const story = (id: string) => get<AlarmStory>(`/api/alarms/${id}`)
export const shelve = (id: string, minutes: number, reason: string, version: number) =>
  post<Alarm>(`/api/alarms/${id}/shelve`, { minutes, reason, version })
export const close = (id: string, disposition: string, note: string, version: number) =>
  post<Alarm>(`/api/alarms/${id}/close`, { disposition, note, version })
export const sources = () => get<Source[]>('/api/sources')
