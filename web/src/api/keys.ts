/** Means of signing in: one's own, everybody's, API tokens, locks, identity providers. */
import { everyPage, type Page } from './answer'
import { get, post, put, remove } from './ask'
import type { Session } from './access'
import type { Schemas } from './schemas'

export type SignInWays = Schemas['SignInWaysView']
export type SecondStep = Schemas['SecondStepView']
export type Question = Schemas['QuestionView']
export type OwnKeys = Schemas['OwnKeysView']
export type OwnPasskey = Schemas['PasskeyView']
export type TotpOffer = Schemas['TotpOfferView']
export type OwnSession = Schemas['OwnSessionView']
export type ApiToken = Schemas['TokenView']
export type NewApiToken = Schemas['NewTokenView']
export type ApiTokenOf = Schemas['TokenOfView']
export type KeysOf = Schemas['KeysOfView']
export type Lock = Schemas['LockView']
export type Provider = Schemas['ProviderView']
export type ProviderTerms = Schemas['ProviderAsked']
export type Credential = Schemas['PasskeySignInAsked']['credential']

export const signInWays = () => get<SignInWays>('/api/sign-in')
export const secondStep = (ticket: string, code: string) => post<Session>('/api/session/second', { ticket, code })
export const askPasskey = () => post<Question>('/api/session/passkey/question')
export const signInByPasskey = (ticket: string, credential: Credential, dutyPost: string) =>
  post<Session>('/api/session/passkey', { ticket, credential, post: dutyPost })
/** Not a call: the browser itself goes to the provider and comes back signed in. */
export const providerAddress = (id: string, dutyPost: string) =>
  `/api/session/provider/${encodeURIComponent(id)}/leave?${new URLSearchParams({ post: dutyPost }).toString()}`

export const ownKeys = () => get<OwnKeys>('/api/own/keys')
export const offerTotp = (password: string) => post<TotpOffer>('/api/own/totp', { password })
export const confirmTotp = (ticket: string, code: string) =>
  post<Schemas['RecoveryCodesView']>('/api/own/totp/confirm', { ticket, code })
export const removeTotp = (password: string) => post<void>('/api/own/totp/remove', { password })
export const renewRecoveryCodes = (password: string) => post<Schemas['RecoveryCodesView']>('/api/own/recovery-codes', { password })
export const askNewPasskey = (password: string) => post<Question>('/api/own/passkeys/question', { password })
export const enterPasskey = (ticket: string, name: string, credential: Credential) =>
  post<OwnPasskey>('/api/own/passkeys', { ticket, name, credential })
export const removePasskey = (id: string, password: string) => post<void>(`/api/own/passkeys/${id}/remove`, { password })
export const ownSessions = () => get<Page<OwnSession>>('/api/own/sessions')
export const endOwnSession = (id: string) => remove<void>(`/api/own/sessions/${id}`)
export const endOtherSessions = () => remove<void>('/api/own/sessions')
export const ownTokens = () => get<Page<ApiToken>>('/api/own/tokens')
export const makeToken = (terms: Schemas['TokenAsked']) => post<NewApiToken>('/api/own/tokens', terms)
export const withdrawOwnToken = (id: string) => remove<void>(`/api/own/tokens/${id}`)

export const keysOfAll = () => everyPage<KeysOf>((after) => get('/api/people-keys', { after, limit: 500 }))
export const resetKeys = (userId: string, reason: string) => post<void>(`/api/people/${userId}/keys/reset`, { reason })
export const resetPassword = (userId: string, password: string) => put<void>(`/api/people/${userId}/password`, { password })
export const tokens = (after?: string | number | null) => get<Page<ApiTokenOf>>('/api/tokens', { after, limit: 100 })
export const withdrawToken = (id: string) => remove<void>(`/api/tokens/${id}`)
export const locks = (after?: string | number | null) => get<Page<Lock>>('/api/locks', { after, limit: 100 })
export const unlock = (key: string) => post<void>('/api/locks/release', { key })
export const providers = () => get<Page<Provider>>('/api/identity-providers')
export const addProvider = (terms: ProviderTerms) => post<Provider>('/api/identity-providers', terms)
export const changeProvider = (id: string, terms: ProviderTerms) => put<Provider>(`/api/identity-providers/${id}`, terms)
export const removeProvider = (id: string) => remove<void>(`/api/identity-providers/${id}`)
