import type { Page } from './answer'
import { get, post, put, remove } from './ask'
import type { NewAccount, Person, Session, Setup } from './types'

export const setup = () => get<Setup>('/api/setup')
export const completeSetup = (token: string, administrator: NewAccount, auditor: NewAccount) =>
  post<void>('/api/setup', { token, administrator, auditor })
export const signIn = (name: string, password: string, dutyPost: string) =>
  post<Session>('/api/session', { name, password, post: dutyPost })
export const whoAmI = () => get<Session>('/api/session')
export const signOut = () => remove<void>('/api/session')
export const people = () => get<Page<Person>>('/api/people')
export const addPerson = (person: { name: string; display_name: string; password: string; roles: string[] }) =>
  post<Person>('/api/people', person)
export const changePerson = (id: string, person: { display_name: string; roles: string[]; disabled: boolean }) =>
  put<Person>(`/api/people/${id}`, person)
