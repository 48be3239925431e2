import type { Page } from './answer'
import { get, post, put } from './ask'
import type { Schemas } from './schemas'

export type Premises = Schemas['PremisesView']
export type PremisesFields = Schemas['PremisesForm']
export type Zone = Schemas['ZoneView']
export type Keyholder = Schemas['KeyholderView']
export type PanelAccount = Schemas['PanelAccountView']
/** `key` is written and never read back; left out it stays as it is. */
export type PanelAccountFields = Schemas['PanelAccountForm']

export const list = () => get<Page<Premises>>('/api/premises')
export const find = (text: string, limit = 8) => get<Page<Premises>>('/api/premises', { text, limit })
export const add = (premises: PremisesFields) => post<Premises>('/api/premises', premises)
export const change = (id: string, premises: PremisesFields) => put<Premises>(`/api/premises/${id}`, premises)
export const accounts = () => get<Page<PanelAccount>>('/api/panel-accounts')
export const addAccount = (account: PanelAccountFields) => post<PanelAccount>('/api/panel-accounts', account)
export const changeAccount = (id: string, account: PanelAccountFields) =>
  put<PanelAccount>(`/api/panel-accounts/${id}`, account)
