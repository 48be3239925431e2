import type { Page } from './answer'
import { get, post } from './ask'
import type { Device, DeviceStory } from './types'

export const list = (text = '') => get<Page<Device>>('/api/devices', { text })
export const one = (id: string) => get<DeviceStory>(`/api/devices/${id}`)
export const add = (id: string, name: string, password: string) => post<Device>('/api/devices', { id, name, password })
export const accept = (id: string, makePoints: boolean) => post<Device>(`/api/devices/${id}/accept`, { make_points: makePoints })
export const refuse = (id: string, reason: string) => post<Device>(`/api/devices/${id}/refuse`, { reason })
export const askCatalogue = (id: string) => post<void>(`/api/devices/${id}/catalogue`)
