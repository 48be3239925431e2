/** Who may do what, where, until when, and why. */
import type { Page } from './answer'
import type { Approval } from './approvals'
import { get, post } from './ask'
import type { Schemas } from './schemas'

export type Grant = Schemas['GrantView']
export type GrantTerms = Schemas['GrantAsked']
export type Why = Schemas['WhyView']
export type RoleRights = Schemas['RoleView']

/** What a question about somebody's rights may be asked of; all empty: anywhere at all. */
export interface PlaceAsked {
  organisation_id?: string
  point_id?: string
  area_code?: string
}

export const roles = () => get<Page<RoleRights>>('/api/roles')
export const grants = (userId: string, ended: boolean, after?: string | number | null) =>
  get<Page<Grant>>('/api/grants', { user_id: userId, ended, after, limit: 100 })
export const give = (userId: string, terms: GrantTerms) => post<Grant | Approval>(`/api/people/${userId}/grants`, terms)
export const takeBack = (grantId: string, reason: string) => post<Grant>(`/api/grants/${grantId}/end`, { reason })
export const why = (userId: string, permission: string, place: PlaceAsked) =>
  get<Why>(`/api/people/${userId}/why`, { permission, ...place })
export const who = (pointId: string, permission: string) => get<Page<Why>>(`/api/points/${pointId}/who`, { permission })
