import type { Page } from './answer'
import { get, post, put } from './ask'
import type { PanelAccount, PanelAccountFields, Premises, PremisesFields } from './types'

export const list = () => get<Page<Premises>>('/api/premises')
export const add = (premises: PremisesFields) => post<Premises>('/api/premises', premises)
export const change = (id: string, premises: PremisesFields) => put<Premises>(`/api/premises/${id}`, premises)
export const accounts = () => get<Page<PanelAccount>>('/api/panel-accounts')
/** `key` is written and never read back; empty leaves it as it is. */
export const addAccount = (account: PanelAccountFields & { key?: string }) => post<PanelAccount>('/api/panel-accounts', account)
export const changeAccount = (id: string, account: PanelAccountFields & { key?: string }) =>
  put<PanelAccount>(`/api/panel-accounts/${id}`, account)
