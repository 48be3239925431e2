import { everyPage, type Page } from './answer'
import { get, post, put, remove } from './ask'
import type { Schemas } from './schemas'

export type Session = Schemas['SessionView']
export type Role = Schemas['Role']
export type Permission = Schemas['Permission']
export type Setup = Schemas['SetupView']
export type SetupCheck = Schemas['SetupCheckView']
export type NewAccount = Schemas['FirstPerson']
export type Person = Schemas['PersonView']
export type OpenSession = Schemas['OpenSessionView']

export const setup = () => get<Setup>('/api/setup')
export const completeSetup = (token: string, administrator: NewAccount, auditor: NewAccount) =>
  post<void>('/api/setup', { token, administrator, auditor })
export const signIn = (name: string, password: string, dutyPost: string) =>
  post<Session | Schemas['SecondStepView']>('/api/session', { name, password, post: dutyPost })
export const whoAmI = () => get<Session>('/api/session')
export const signOut = () => remove<void>('/api/session')
export const changeOwnPassword = (old: string, fresh: string) => post<void>('/api/session/password', { old, new: fresh })
/** everybody within reach, by name */
export const people = () => everyPage<Person>((after) => get('/api/people', { after, limit: 500 }))
export const addPerson = (person: Schemas['PersonAsked']) => post<Person>('/api/people', person)
export const changePerson = (id: string, person: Schemas['PersonChangeAsked']) => put<Person>(`/api/people/${id}`, person)
export const sessions = (after?: string | number | null) => get<Page<OpenSession>>('/api/sessions', { after, limit: 100 })
export const revoke = (sessionId: string) => remove<void>(`/api/sessions/${sessionId}`)
