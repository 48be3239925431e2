import type { Page } from './answer'
import { get, post } from './ask'
import type { Schemas } from './schemas'

export type RegisterImport = Schemas['ImportView']
export type ImportRow = Schemas['ImportRowView']
export type Verdict = Schemas['Verdict']
export type Plan = Schemas['Plan']

export const begin = (uploadId: string, fileName: string) =>
  post<RegisterImport>('/api/points/imports', { upload_id: uploadId, file_name: fileName })
export const latest = () => get<Page<RegisterImport>>('/api/points/imports')
export const one = (id: string) => get<RegisterImport>(`/api/points/imports/${id}`)
export const rows = (id: string, verdict: Verdict | '', afterRow?: string | number | null) =>
  get<Page<ImportRow>>(`/api/points/imports/${id}/rows`, { verdict, after_row: afterRow })
export const check = (id: string, mapping: Record<string, string> | null) =>
  post<RegisterImport>(`/api/points/imports/${id}/check`, { mapping })
export const apply = (id: string, token: string, plan: Plan, why: string) =>
  post<RegisterImport>(`/api/points/imports/${id}/apply`, { token, plan, why })
export const cancel = (id: string) => post<RegisterImport>(`/api/points/imports/${id}/cancel`)
export const refusedAddress = (id: string) => `/api/points/imports/${id}/refused.csv`
