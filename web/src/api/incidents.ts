import type { Page } from './answer'
import { get, post } from './ask'
import type { Purpose } from './purposes'
import type { Schemas } from './schemas'

export type Incident = Schemas['IncidentView']
/** as it stands in a list */
export type IncidentBrief = Schemas['IncidentSummary']
export type IncidentAlarm = Schemas['IncidentAlarm']
export type Camera = Schemas['CameraView']
export type Clip = Schemas['ClipView']
export type Step = Schemas['StepView']
export type Dispatch = Schemas['DispatchView']
export type Phases = Schemas['PhasesView']
export type LogLine = Schemas['LogLineView']
export type Disposition = Schemas['Disposition']
export type CallResult = Schemas['CallResult']
export type KeyholderBrief = Schemas['KeyholderInIncident']

const at = (id: string, rest: string) => `/api/incidents/${id}/${rest}`

/** Take: opens an incident for the alarm, or joins the one of its premises. */
export const take = (alarmId: string) => post<Incident>('/api/incidents', { alarm_id: alarmId })
export const list = (state: 'open' | 'all', limit = 100) => get<Page<IncidentBrief>>('/api/incidents', { state, limit })
export const one = (id: string) => get<Incident>(`/api/incidents/${id}`)
export const markStep = (id: string, index: number, done: boolean) => post<Incident>(at(id, `steps/${index}`), { done })
export const note = (id: string, text: string) => post<Incident>(at(id, 'notes'), { text })
export const call = (id: string, keyholderId: string, result: CallResult, text: string) =>
  post<Incident>(at(id, 'calls'), { keyholder_id: keyholderId, result, note: text })
export const dispatch = (id: string, unitId: string) => post<Incident>(at(id, 'dispatches'), { unit_id: unitId })
export const dispatchStep = (id: string, dispatchId: string, step: 'accept' | 'arrive' | 'feedback' | 'recall', text: string) =>
  post<Incident>(at(id, `dispatches/${dispatchId}/${step}`), { text })
export const close = (id: string, disposition: Disposition, text: string, version: number) =>
  post<Incident>(at(id, 'close'), { disposition, note: text, version })
/** Say what for; the answer's address plays the clip in this session for a quarter of an hour. */
export const askForClip = (clipId: string, purpose: Purpose, reference: string) =>
  post<Schemas['ClipViewAnswer']>(`/api/clips/${clipId}/views`, { purpose, reference })
