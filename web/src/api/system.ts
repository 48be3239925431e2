import { get } from './ask'
import type { Schemas } from './schemas'

export type SystemStatus = Schemas['SystemView']
export type SystemPart = Schemas['PartView']
export type PartState = Schemas['PartState']
export type Site = Schemas['SiteView']

export const status = () => get<SystemStatus>('/api/system')
/** told to anybody, signed in or not */
export const site = () => get<Site>('/api/site')
