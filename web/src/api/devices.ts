import type { Page } from './answer'
import { get, post, put } from './ask'
import type { Schemas } from './schemas'

export type Device = Schemas['DeviceView']
export type DeviceStory = Schemas['DeviceDetail']
export type DeviceChannel = Schemas['ChannelView']
export type Manner = Schemas['MannerForm']
export type Make = Schemas['MakeView']
export type DeviceTopic = Schemas['TopicView']
export type OrderReport = Schemas['OrderView']
export type DeviceOrder = Schemas['OrderForm']['order']
export type SipMessage = Schemas['SipMessageView']

export const list = (text = '') => get<Page<Device>>('/api/devices', { text })
export const one = (id: string) => get<DeviceStory>(`/api/devices/${id}`)
export const add = (id: string, name: string, password: string) => post<Device>('/api/devices', { id, name, password })
export const accept = (id: string, makePoints: boolean) => post<DeviceStory>(`/api/devices/${id}/accept`, { make_points: makePoints })
export const refuse = (id: string, reason: string) => post<DeviceStory>(`/api/devices/${id}/refuse`, { reason })
export const askCatalogue = (id: string) => post<void>(`/api/devices/${id}/catalogue`)
export const sipTrace = (id: string) => get<SipMessage[]>(`/api/devices/${id}/sip`)
export const sipTraceAddress = (id: string) => `/api/devices/${id}/sip.txt`
export const rawCatalogueAddress = (id: string) => `/api/devices/${id}/catalogue.xml`
export const makes = () => get<Make[]>('/api/device-makes')
export const chooseManner = (id: string, manner: Manner) => put<DeviceStory>(`/api/devices/${id}/manner`, manner)
export const order = (id: string, what: DeviceOrder, channelId = '') => post<OrderReport>(`/api/devices/${id}/orders`, { order: what, channel_id: channelId })
export const subscribeAgain = (id: string) => post<void>(`/api/devices/${id}/subscriptions`)
