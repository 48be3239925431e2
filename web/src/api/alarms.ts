import type { Page } from './answer'
import { get, post, remove } from './ask'
import type { Narrowed, Schemas } from './schemas'

export type AlarmState = Schemas['AlarmState']
export type Alarm = Narrowed<Schemas['AlarmView'], { state: AlarmState }>
export type QueueRow = Narrowed<Schemas['QueueRowView'], { alarm: Alarm }>
export type Queue = Narrowed<Schemas['QueueView'], { items: QueueRow[] }>
export type Signal = Schemas['AlarmSignalView']
export type AlarmStory = Narrowed<Schemas['AlarmWithSignals'], { alarm: Alarm }>
export type SourceState = 'alive' | 'late' | 'lost' | 'never'
export type Source = Narrowed<Schemas['AlarmSourceView'], { state: SourceState }>
export type OnTest = Schemas['OnTestView']

export const list = (state: 'open' | 'all', after?: string | number | null, limit = 200) =>
  get<Page<Alarm>>('/api/alarms', { state, after, limit })
/** The queue: many alarms of one panel are one row; the counts are of the whole queue. */
export const queue = (limit: number, text = '') => get<Queue>('/api/alarm-queue', { limit, text })
/** The alarms of one row of the queue, oldest first. */
export const folded = (id: string, after?: string | number | null, limit = 100) =>
  get<Page<Alarm>>(`/api/alarms/${id}/folded`, { after, limit })
export const story = (id: string) => get<AlarmStory>(`/api/alarms/${id}`)
export const shelve = (id: string, minutes: number, reason: string, version: number) =>
  post<Alarm>(`/api/alarms/${id}/shelve`, { minutes, reason, version })
export const close = (id: string, disposition: string, note: string, version: number) =>
  post<Alarm>(`/api/alarms/${id}/close`, { disposition, note, version })
export const sources = () => get<Source[]>('/api/sources')
export const signals = (before?: string | number | null, limit = 100) => get<Page<Signal>>('/api/signals', { before, limit })
export const onTest = () => get<Page<OnTest>>('/api/on-test')
export const declare = (test: Schemas['OnTestForm']) => post<OnTest>('/api/on-test', test)
export const endTest = (id: string) => remove<void>(`/api/on-test/${id}`)
