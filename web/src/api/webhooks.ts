/** Which other systems are told of which events. A secret is shown once, by the answer that made it. */
import type { Page } from './answer'
import { get, post, put, remove } from './ask'
import type { Schemas } from './schemas'

export type Webhook = Schemas['WebhookView']
export type NewWebhook = Schemas['NewWebhookView']
export type WebhookTerms = Schemas['WebhookForm']
export type Letter = Schemas['LetterView']
export type Outcome = Schemas['OutcomeView']

const at = (id: string, rest = '') => `/api/webhooks/${id}${rest}`
export const list = () => get<Page<Webhook>>('/api/webhooks')
export const add = (terms: WebhookTerms) => post<NewWebhook>('/api/webhooks', terms)
export const change = (id: string, terms: WebhookTerms, version: number) => put<Webhook>(at(id), { ...terms, version })
export const drop = (id: string) => remove<void>(at(id))
export const test = (id: string) => post<Outcome>(at(id, '/test'))
export const renewSecret = (id: string) => post<Schemas['SecretView']>(at(id, '/secret'))
export const letters = (id: string, before?: string | number | null) => get<Page<Letter>>(at(id, '/dead-letters'), { before, limit: 50 })
export const sendAgain = (id: string, seq: number) => post<Outcome>(at(id, `/dead-letters/${seq}/send`))
