import type { Page } from './answer'
import { get, post, put } from './ask'
import type { Schemas } from './schemas'

export type Organisation = Schemas['OrganisationView']
export type NewOrganisation = Schemas['NewOrganisation']
export type OrganisationWords = Schemas['OrganisationWords']
export type Area = Schemas['AreaView']
export type OrganisationRevision = Schemas['RevisionView']

export const LEVELS = ['province', 'city', 'district', 'station', 'unit'] as const
export const TENANT_KINDS = ['police', 'government', 'operator', 'alarm-company', 'maintenance', 'owner'] as const

export const list = () => get<Page<Organisation>>('/api/organisations')
export const add = (organisation: NewOrganisation) => post<Organisation>('/api/organisations', organisation)
export const change = (id: string, words: OrganisationWords) => put<Organisation>(`/api/organisations/${id}`, words)
export const move = (id: string, parentId: string, version: number, why: string) =>
  put<Organisation>(`/api/organisations/${id}/parent`, { parent_id: parentId, version, why })
export const history = (id: string) => get<Page<OrganisationRevision>>(`/api/organisations/${id}/history`)
export const areasBelow = (code: string) => get<Page<Area>>('/api/areas', { below: code })
