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
export type Joining = Schemas['JoiningView']
export type JoinedIncident = Schemas['JoinedIncident']
/** what is joined: an alarm that nobody has taken, or a whole incident */
export type ToJoin = { alarm: { id: string } } | { incident: { id: string } }
export type KeyholderBrief = Schemas['KeyholderInIncident']

const at = (id: string, rest: string) => `/api/incidents/${id}/${rest}`

/** Take: opens an incident for the alarm, or joins the one of its premises; in a flood, with the next hundred behind it. */
export const take = (alarmId: string, withFolded = false) => post<Incident>('/api/incidents', { alarm_id: alarmId, with_folded: withFolded })
export const list = (state: 'open' | 'all', limit = 100) => get<Page<IncidentBrief>>('/api/incidents', { state, limit })
/** Open ones with these words in number, title, name or address of the premises. */
export const search = (text: string, limit = 20) => get<Page<IncidentBrief>>('/api/incidents', { state: 'open', text, limit })
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
/** What joining would do, told before it is done. */
export const joining = (into: string, what: ToJoin) =>
  get<Joining>(at(into, 'joining'), 'incident' in what ? { joined: what.incident.id } : { alarm: what.alarm.id })
export const joinAlarm = (into: string, alarmId: string) => post<Incident>(at(into, 'alarms'), { alarm_id: alarmId })
/** Both as they were seen: what has changed since is a conflict. */
export const join = (into: string, intoVersion: number, joined: string, version: number) =>
  post<Incident>(at(into, 'joined'), { incident_id: joined, version, into_version: intoVersion })
/** Answers the incident that stands for itself again. */
export const part = (id: string, version: number) => post<Incident>(at(id, 'part'), { version })
/** Answers the alarm's own incident. */
export const partAlarm = (id: string, alarmId: string, version: number) => post<Incident>(at(id, `alarms/${alarmId}/part`), { version })
/** Say what for; the answer's address plays the clip in this session for a quarter of an hour. */
/** The same for the file itself, which leaves the house: an address, or the request that waits for a second person. */
export const exportClip = (clipId: string, purpose: Purpose, reference: string, reason: string) =>
  post<Schemas['ClipViewAnswer'] | Schemas['ExportWaits']>(`/api/clips/${clipId}/exports`, { purpose, reference, reason })
export const askForClip = (clipId: string, purpose: Purpose, reference: string) =>
  post<Schemas['ClipViewAnswer']>(`/api/clips/${clipId}/views`, { purpose, reference })
