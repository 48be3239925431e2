import type { Page } from './answer'
import { get, post } from './ask'
import type { Schemas } from './schemas'

export type HandOver = Schemas['HandOverView']
export type HandedItem = Schemas['HandedItemView']
export type OpenMatters = Schemas['OpenMattersView']

export const draft = () => get<OpenMatters>('/api/hand-over-draft')
export const list = (after?: string | number | null, limit = 50) => get<Page<HandOver>>('/api/hand-overs', { after, limit })
export const write = (notes: string) => post<HandOver>('/api/hand-overs', { notes })
export const accept = (id: string, seen: string[], remark: string, version: number) =>
  post<HandOver>(`/api/hand-overs/${id}/accept`, { seen, remark, version })
export const withdraw = (id: string, version: number) => post<HandOver>(`/api/hand-overs/${id}/withdraw`, { version })
