import type { Page } from './answer'
import { get, post } from './ask'
import type { Schemas } from './schemas'

export type CallFields = Schemas['CallForm']
export type CallCategory = CallFields['category']
/** a call taken down by hand */
export type TakenCall = Schemas['TakenCallView']
/** an open alarm that a call may be about */
export type SimilarAlarm = Schemas['SimilarAlarm']

export const CATEGORIES: readonly CallCategory[] = ['fire', 'hold-up', 'medical', 'burglary', 'technical', 'trouble']

export const register = (call: CallFields) => post<TakenCall>('/api/calls', call)
export const similar = (call: CallFields) => post<Page<SimilarAlarm>>('/api/calls/similar', call)
export const list = (after?: string | number | null, limit = 50) => get<Page<TakenCall>>('/api/calls', { after, limit })
export const one = (id: string) => get<TakenCall>(`/api/calls/${id}`)
