/** Alarms and incidents of the mocked platform, with their events. */
import { ago, POINTS, PREMISES, RAISES, UNITS } from './city'

type Row = Record<string, any> // eslint-disable-line @typescript-eslint/no-explicit-any
const now = () => new Date().toISOString()
const seconds = (from: string | null, to: string | null) => (from && to ? (Date.parse(to) - Date.parse(from)) / 1000 : null)

export class Desk {
  alarms: Row[] = []
  incidents: Row[] = []
  private serial = 0

  constructor(private readonly publish: (kind: string, data: Row) => void) {
    RAISES.forEach((_, index) => this.raise(index, 25 + index * 47))
    for (let index = 0; index < 9; index++) this.raise(3 + (index % 4), 900 + index * 333)
    const restored = this.alarms[3]
    if (restored) Object.assign(restored, { restored_at: ago(20) })
    const shelved = this.alarms[5]
    if (shelved) Object.assign(shelved, { state: 'shelved', shelved_until: ago(-900), shelved_reason: '正在检修', allowed_steps: ['take', 'unshelve', 'close'] })
  }

  raise(kind: number, age = 0): Row {
    const made = RAISES[kind % RAISES.length]!
    const premises = PREMISES[made.premises]
    const alarm: Row = {
      id: `alarm${++this.serial}`, signal_seq: this.serial, state: 'raised', priority: made.priority, category: made.category, title: made.title,
      code_system: made.code_system, code: made.code, channel: made.channel ?? 'fixed', account: `10${20 + this.serial}`, raised_at: ago(age), updated_at: ago(age),
      reason: `rule ${made.category}`, version: 1, premises_id: premises?.id ?? '', premises_name: premises?.name ?? '', zone: made.zone, zone_name: made.zone_name, partition: '1', text: '',
      position: premises?.position ?? null, point_ids: made.points, drill: made.drill ?? false, on_test: false, repeats: this.serial % 5 === 2 ? 2 : 0, restored_at: null, held_by: '', held_by_name: '',
      taken_at: null, escalate_at: ago(-60), escalations: age > 60 && made.priority < 3 ? 1 : 0, shelved_until: null, shelved_reason: '', incident_id: '', disposition: '', allowed_steps: ['take', 'shelve', 'close'],
    }
    this.alarms.push(alarm)
    this.publish('alarms.raised', { alarm_id: alarm.id, priority: alarm.priority })
    return alarm
  }

  take(alarmId: string, who: Row): Row | undefined {
    const alarm = this.alarms.find((one) => one.id === alarmId)
    if (!alarm || alarm.incident_id) return undefined
    const premises = PREMISES.find((one) => one.id === alarm.premises_id) ?? null
    const incident: Row = {
      id: `inc${this.incidents.length + 1}`, number: `2026-${String(412 + this.incidents.length).padStart(5, '0')}`, state: 'taken', version: 1, allowed_steps: ['dispatch', 'close'], opened_at: now(),
      drill: alarm.drill, title: alarm.title, priority: alarm.priority, category: alarm.category, holder: { id: who.user_id, name: who.display_name }, alarms: [alarm],
      premises, cameras: alarm.point_ids.map((id: string, index: number) => {
        const point = POINTS.find((one) => one.id === id)
        return { point_id: id, number: point?.number, name: point?.name, distance_m: index < 1 ? null : 80 * index, why: index < 1 ? 'zone' : 'nearest' }
      }),
      steps: (premises?.steps.length ? premises.steps : ['核对画面', '致电联系人', '决定是否派警', '结案']).map((text, index) => ({ index, text, done_at: null, done_by: '' })),
      dispatches: [], calls: [], clips: alarm.point_ids.slice(0, 2).map((id: string, index: number) => ({
        id: `clip${this.serial}${index}`, point_id: id, point_name: POINTS.find((one) => one.id === id)?.name, state: index === 0 ? 'ready' : 'waiting', from: ago(40), until: ago(-5), seconds: 41.2,
        sha256: '9f2c4b7d1e6a8035c0ffee42d1'.padEnd(64, '0'), gaps: [], reason: '',
      })),
      log: [{ at: alarm.raised_at, who: '', kind: 'alarm', text: alarm.zone_name }, { at: now(), who: who.display_name, kind: 'take', text: '' }],
      phases: { received_at: alarm.raised_at, taken_at: now(), dispatched_at: null, arrived_at: null, closed_at: null, take_s: seconds(alarm.raised_at, now()), dispatch_s: null, arrive_s: null, close_s: null },
      disposition: '', position: premises?.position ?? null,
    }
    this.incidents.unshift(incident)
    Object.assign(alarm, { state: 'taken', incident_id: incident.id, held_by: who.user_id, held_by_name: who.display_name, taken_at: now() })
    this.publish('alarms.changed', { alarm_id: alarm.id, step: 'take', state: 'taken' })
    this.publish('incidents.opened', { incident_id: incident.id, number: incident.number, alarm_id: alarm.id })
    return incident
  }

  act(incident: Row, rest: string[], body: Row, who: Row): string | undefined {
    const [what, which, step] = rest
    const say = (kind: string, text: string) => incident.log.push({ at: now(), who: who.display_name, kind, text })
    if (what === 'steps') {
      Object.assign(incident.steps[Number(which)], { done_at: body.done ? now() : null, done_by: body.done ? who.display_name : '' })
      say('step', incident.steps[Number(which)].text)
    } else if (what === 'notes') say('note', body.text)
    else if (what === 'calls') {
      const keyholder = incident.premises.keyholders.find((one: Row) => one.id === body.keyholder_id)
      incident.calls.push({ ...body, name: keyholder.name, at: now(), by: who.display_name })
      say('call', keyholder.name)
    } else if (what === 'dispatches' && !which) {
      const unit = UNITS.find((one) => one.id === body.unit_id)
      if (unit?.state !== 'free') return 'the unit is not free'
      unit.state = 'dispatched'
      incident.dispatches.push({ id: `d${incident.dispatches.length + 1}`, unit_id: unit.id, unit_name: unit.name, state: 'dispatched', dispatched_at: now(), accepted_at: null, arrived_at: null, finished_at: null, feedback: '' })
      incident.state = 'dispatched'
      incident.phases.dispatched_at ??= now()
      incident.phases.dispatch_s ??= seconds(incident.phases.taken_at, now())
      say('dispatch', unit.name ?? '')
      this.publish('duty.unit_changed', { unit_id: unit.id, state: unit.state })
    } else if (what === 'dispatches') this.move(incident, incident.dispatches.find((one: Row) => one.id === which), step ?? '', body, say)
    else if (what === 'close') {
      if (body.version !== incident.version) return `version ${body.version} is not the newest`
      Object.assign(incident, { state: 'closed', disposition: body.disposition, allowed_steps: [] })
      incident.phases.closed_at = now()
      incident.phases.close_s = seconds(incident.phases.arrived_at ?? incident.phases.taken_at, now())
      for (const alarm of incident.alarms) Object.assign(alarm, { state: 'closed', disposition: body.disposition })
      say('close', body.note)
    }
    incident.version += 1
    this.publish('incidents.changed', { incident_id: incident.id, version: incident.version, step: what, state: incident.state })
    return undefined
  }

  private move(incident: Row, dispatch: Row, step: string, body: Row, say: (kind: string, text: string) => void): void {
    const unit = UNITS.find((one) => one.id === dispatch.unit_id)
    if (step === 'accept') Object.assign(dispatch, { accepted_at: now(), state: 'accepted' })
    if (step === 'arrive') {
      Object.assign(dispatch, { arrived_at: now(), state: 'arrived' })
      incident.state = 'arrived'
      incident.phases.arrived_at ??= now()
      incident.phases.arrive_s ??= seconds(incident.phases.dispatched_at, now())
    }
    if (step === 'feedback' || step === 'recall') {
      Object.assign(dispatch, { finished_at: now(), state: step === 'recall' ? 'recalled' : 'finished', feedback: body.text })
      if (unit) unit.state = 'free'
    }
    say(step, body.text || dispatch.unit_name)
  }
}
