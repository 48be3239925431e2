/** The contract of the HTTP API, by subject. Moments are ISO-8601 UTC; ids are the platform's unless a name says otherwise. */

export interface Place {
  longitude: number
  latitude: number
}

// access
export interface Session {
  token: string
  user_id: string
  name: string
  display_name: string
  roles: string[]
  permissions: string[]
  post: string
  expires_at: string
}

export interface SetupCheck {
  id: string
  ok: boolean
  detail: string
  fix: string
}

export interface Setup {
  needed: boolean
  checks: SetupCheck[]
}

export interface NewAccount {
  name: string
  password: string
}

export interface Person {
  id: string
  name: string
  display_name: string
  roles: string[]
  disabled: boolean
}

// alarms
export type AlarmState = 'raised' | 'taken' | 'shelved' | 'restored' | 'suppressed' | 'closed'

export interface Alarm {
  id: string
  signal_seq: number
  state: AlarmState
  priority: number
  category: string
  title: string
  /** the platform's own Chinese words for the code */
  title_zh?: string
  code_system: string
  code: string
  channel: string
  source?: string
  account: string
  raised_at: string
  updated_at: string
  reason: string
  version: number
  premises_id: string
  premises_name: string
  zone: string
  zone_name: string
  partition: string
  text: string
  position: Place | null
  point_ids: string[]
  drill: boolean
  on_test: boolean
  repeats: number
  restored_at: string | null
  held_by: string
  held_by_name: string
  taken_at: string | null
  escalate_at: string | null
  escalations: number
  shelved_until: string | null
  shelved_reason: string
  incident_id: string
  disposition: string
  allowed_steps: string[]
}

export interface Signal {
  seq: number
  received_at: string
  channel: string
  source: string
  account: string
  code_system: string
  code: string
  qualifier: string
  partition: string
  zone: string
  text: string
  device_time: string | null
  peer: string
  raw_hex: string
  drill: boolean
}

export interface AlarmStory {
  alarm: Alarm
  signals: Signal[]
  history: { at: string; step: string; who: string; text: string }[]
}

export type SourceState = 'alive' | 'late' | 'lost' | 'never'

export interface Source {
  source: string
  account_id: string
  number: string
  premises_name: string
  last_seen_at: string | null
  expected_seconds: number
  state: SourceState
}

// incidents
export type ClipState = 'waiting' | 'ready' | 'failed'
export type Disposition = 'real' | 'false' | 'technical' | 'test' | 'drill' | 'cancelled' | 'duplicate'
export type CallResult = 'reached' | 'no-answer' | 'busy' | 'wrong-number' | 'refused'

export interface Gap {
  from: string
  until: string
  cause: string
}

export interface Clip {
  id: string
  point_id: string
  point_name: string
  state: ClipState
  from: string
  until: string
  seconds: number
  sha256: string
  gaps: Gap[]
  reason: string
}

export interface Camera {
  point_id: string
  number: number
  name: string
  distance_m: number | null
  why: 'zone' | 'premises' | 'nearest'
}

export interface Step {
  index: number
  text: string
  text_zh?: string
  text_en?: string
  done_at: string | null
  done_by: string
}

export interface Dispatch {
  id: string
  unit_id: string
  unit_name: string
  state: string
  dispatched_at: string
  accepted_at: string | null
  arrived_at: string | null
  finished_at: string | null
  feedback: string
}

export interface Call {
  keyholder_id: string
  name: string
  result: CallResult
  note: string
  at: string
  by: string
}

export interface KeyholderBrief {
  id: string
  name: string
  phone: string
  order: number
  note: string
}

export interface Phases {
  received_at: string | null
  taken_at: string | null
  dispatched_at: string | null
  arrived_at: string | null
  closed_at: string | null
  take_s: number | null
  dispatch_s: number | null
  arrive_s: number | null
  close_s: number | null
}

export interface IncidentPremises {
  id: string
  name: string
  address: string
  note: string
  position: Place | null
  zones: { number: string; name: string }[]
  keyholders: KeyholderBrief[]
}

export interface Incident {
  id: string
  number: string | number
  state: string
  version: number
  allowed_steps: string[]
  opened_at: string
  drill: boolean
  title: string
  priority: number
  category: string
  holder: { id: string; name: string }
  alarms: Alarm[]
  premises: IncidentPremises | null
  cameras: Camera[]
  steps: Step[]
  dispatches: Dispatch[]
  calls: Call[]
  clips: Clip[]
  log: { at: string; who: string; kind: string; text: string }[]
  phases: Phases
  disposition: string | null
  position: Place | null
}

// live
export interface WatchPlace {
  point_id: string
  stream_id: string
  url: string
  expires_at: string
}

export interface StreamNow {
  point_id: string
  stage: string
  since: string
  detail: string
  fix: string
}

export interface StreamTrace {
  stream_id: string
  started_at: string
  stages: { stage: string; at: string; detail: string }[]
  failed: string
  fix: string
}

// points
export type PointPresence = 'online' | 'offline' | 'unbound'

export interface PointFields {
  number: number
  code: string
  name: string
  organisation_id: string
  point_class: number
  position: Place | null
  view_degrees: number | null
  view_angle_degrees: number | null
  address: string
  device_id: string
  channel_id: string
  records: boolean
  audio: boolean
  retention_days: number
}

export interface Point extends PointFields {
  id: string
  presence?: PointPresence
}

export interface MapPoint {
  id: string
  number: number
  name: string
  longitude: number
  latitude: number
  point_class: number
  view_degrees: number | null
  view_angle_degrees: number | null
  presence: PointPresence
}

// devices
export interface Device {
  id: string
  name: string
  enrolment: 'pending' | 'accepted' | 'refused'
  presence: 'online' | 'offline'
  transport: string
  host: string
  port: number
  last_seen_at: string | null
  expires_at: string | null
  edition: string
  manufacturer: string
  model: string
  firmware: string
  channels: number
}

export interface DeviceChannel {
  id: string
  name: string
  on: boolean
  stale: boolean
  point_id: string | null
  longitude: number | null
  latitude: number | null
}

export type DeviceStory = Omit<Device, 'channels'> & { channels: DeviceChannel[] }

// premises
export interface Zone {
  number: string
  partition: string
  name: string
  point_ids: string[]
}

export interface PremisesFields {
  name: string
  address: string
  organisation_id: string
  position: Place | null
  kind: string
  note: string
  point_ids: string[]
  zones: Zone[]
  keyholders: KeyholderBrief[]
  steps: string[]
}

export interface Premises extends PremisesFields {
  id: string
}

export interface PanelAccountFields {
  channel: string
  number: string
  premises_id: string
  receiver: string
  line: string
  heartbeat_seconds: number
  grace_seconds: number
}

export interface PanelAccount extends PanelAccountFields {
  id: string
  has_key: boolean
}

// duty
export type UnitState = 'free' | 'dispatched' | 'busy' | 'off'

export interface UnitFields {
  name: string
  kind: string
  call_sign: string
  organisation_id: string
  state: UnitState
}

export interface Unit extends UnitFields {
  id: string
}

export interface Organisation {
  id: string
  name: string
  level?: string
}

// audit
export interface AuditLine {
  seq: number
  at: string
  actor: string
  action: string
  object: string
  outcome: string
  act: string
  role: string
  purpose: string
  post: string
  source_ip: string
  details: Record<string, unknown>
}

export interface Checkpoint {
  size: number
  root: string
  at: string
  note: string
}

// system
export type PartState = 'good' | 'degraded' | 'down'

export interface SystemPart {
  name: string
  state: PartState
  detail: string
  since: string
}

export interface SystemStatus {
  version: string
  started_at: string
  site: string
  time_zone: string
  parts: SystemPart[]
  figures: Record<string, number | string | null>
}
