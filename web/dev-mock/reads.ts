/** What the mocked platform answers to questions. */
import { ago, PEOPLE, POINTS, PREMISES, UNITS } from './city'
import type { Desk } from './desk'

const page = (items: unknown[], next: unknown = null) => ({ items, next })
const DEVICES = [1, 2, 3, 4].map((index) => ({
  id: `3402000000132000000${index}`, name: ['鼓楼一号录像机', '望烽园区录像机', '东关汽车站录像机', ''][index - 1], enrolment: index === 4 ? 'pending' : 'accepted', presence: index === 2 ? 'offline' : 'online',
  transport: index === 1 ? 'tcp' : 'udp', host: `10.20.0.${10 + index}`, port: 5060, last_seen_at: ago(index === 2 ? 400 : 12), expires_at: ago(-3000), edition: '2.0', manufacturer: 'Demo', model: 'N-16', firmware: '1.0.3', channels: 16,
}))
const ACCOUNTS = ['1021', '1022', '1088', '2001'].map((number, index) => ({
  id: `acc${index}`, channel: 'sia-dc09', number, premises_id: PREMISES[index % 3]?.id, receiver: '1', line: '1', heartbeat_seconds: 60, grace_seconds: 30, has_key: index % 2 === 0,
}))
const AUDIT = Array.from({ length: 120 }, (_, index) => ({
  seq: 120 - index, at: ago(index * 41), actor: 'user:user-operator', action: ['live.watch', 'incident.open', 'incident.dispatch', 'clip.play', 'access.sign_in'][index % 5], object: ['point:point1', 'incident:inc1', 'incident:inc1', 'clip:clip1', 'session:s1'][index % 5],
  outcome: ['done', 'done', 'done', 'intent', 'refused'][index % 5], act: index % 5 === 3 ? `act${index}` : '', role: 'operator', purpose: 'incident:inc1', post: '接警一席', source_ip: '10.20.1.5', details: { minutes: 5 },
}))

const HOW_IT_SPEAKS = {
  user_agent: 'Embedded Net DVR',
  clock_error_seconds: -95,
  make: { id: 'hikvision', name: 'Hikvision 海康威视', quirks: ['a', 'b', 'c'] },
  manner: { edition: '', make: '', charset: '', topics: null, redirect_to: '' },
  on_guard: true,
  catalogue_at: ago(300),
  catalogue_note: 'the device announced 12 items and sent 9',
  subscriptions: [
    { topic: 'catalogue', state: 'active', since: ago(4000), expires_at: ago(-2600), cause: '' },
    { topic: 'alarm', state: 'refused', since: ago(4000), expires_at: null, cause: 'the device refuses: 405 Method Not Allowed' },
  ],
  positions: [],
}

export function readAnswers(parts: string[], query: URLSearchParams, desk: Desk): [number, unknown] {
  const [room, id, rest] = parts
  const text = query.get('text') ?? ''
  switch (room) {
    case 'alarms': {
      if (id) {
        const alarm = desk.alarms.find((one) => one.id === id)
        return [200, { alarm, signals: [{ seq: 1, received_at: alarm?.raised_at, channel: 'fixed', source: 'sia-dc09', account: alarm?.account, code_system: 'contact-id', code: alarm?.code, qualifier: 'new', partition: '1', zone: alarm?.zone, text: '', device_time: null, peer: '10.20.3.7:41022', raw_hex: '0a36414630303239225349412d444350223030303152304c30233130323135b', drill: false }], history: [{ at: alarm?.raised_at, step: 'raise', who: '', text: alarm?.reason }] }]
      }
      const open = desk.alarms.filter((one) => !['closed', 'suppressed'].includes(one.state)).sort((a, b) => a.priority - b.priority || a.raised_at.localeCompare(b.raised_at))
      return [200, page(query.get('state') === 'open' ? open : [...desk.alarms].sort((a, b) => b.raised_at.localeCompare(a.raised_at)))]
    }
    case 'sources':
      return [200, ACCOUNTS.map((one, index) => ({ source: 'sia-dc09', account_id: one.id, number: one.number, premises_name: PREMISES[index % 3]?.name, last_seen_at: index === 3 ? null : ago(index * 70 + 4), expected_seconds: 60, state: ['alive', 'alive', 'late', 'never'][index] }))]
    case 'incidents':
      return id ? [200, desk.incidents.find((one) => one.id === id)] : [200, page(desk.incidents.filter((one) => one.state !== 'closed'))]
    case 'points': {
      if (id === 'map') return [200, POINTS.map(({ position, ...point }) => ({ ...point, ...position }))]
      if (id) return [200, POINTS.find((one) => one.id === id)]
      const after = Number(query.get('after_number') ?? 0)
      const found = POINTS.filter((one) => one.name.includes(text) && one.number > after).slice(0, 30)
      return [200, page(found, found.length === 30 ? found.at(-1)?.number : null)]
    }
    case 'devices':
      return id
        ? [200, { ...DEVICES.find((one) => one.id === id), ...HOW_IT_SPEAKS, channels: POINTS.slice(0, 9).map((one) => ({ id: one.channel_id || one.code, name: one.name, on: one.presence === 'online', stale: false, point_id: one.presence === 'unbound' ? null : one.id, longitude: null, latitude: null })) }]
        : [200, page(DEVICES)]
    case 'device-makes':
      return [200, [HOW_IT_SPEAKS.make, { id: 'generic', name: 'Generic', quirks: [] }]]
    case 'premises':
      return [200, page(PREMISES)]
    case 'panel-accounts':
      return [200, page(ACCOUNTS)]
    case 'units':
      return [200, page(UNITS)]
    case 'organisations':
      return [200, page([{ id: 'org1', name: '鼓楼分局', level: 'city', parent_id: '', area_code: '', area: null, tenant_kind: 'police', credit_code: '', version: 1 }])]
    case 'people':
      return [200, page(PEOPLE)]
    case 'audit': {
      if (id === 'checkpoint') return [200, { size: 120, root: 'a1b2c3d4'.repeat(8), at: ago(30), note: 'fengtai-demo\n120\n…' }]
      const before = Number(query.get('before') ?? 9999)
      const found = AUDIT.filter((one) => one.seq < before && one.action?.includes(query.get('action') ?? '') && one.object?.includes(query.get('object') ?? '')).slice(0, 50)
      return [200, page(found, found.length === 50 ? found.at(-1)?.seq : null)]
    }
    case 'live':
      if (rest === 'traces') return [200, [{ stream_id: 's1', started_at: ago(90), stages: [['requested', 90], ['receiver-open', 89.9], ['invite-sent', 89.8], ['trying', 89.6], ['answered', 89.1], ['acknowledged', 89]].map(([stage, age]) => ({ stage, at: ago(Number(age)), detail: '' })), failed: 'The device answered, but no packet came within 10 s.', fix: 'Check media.advertised and the firewall for UDP 30000-30100.' }]]
      return [200, []]
    case 'site':
      return [200, { name: '烽台市演示', time_zone: 'Asia/Shanghai', version: '0.1.0' }]
    case 'on-test':
      return [200, page([{ id: 'test1', account_id: 'acc1', number: '1022', zone: '', until: ago(-5400), reason: '季度演练', by_name: '林晓', drill: true }, { id: 'test2', account_id: 'acc0', number: '1021', zone: '3', until: ago(-900), reason: '更换探测器', by_name: '赵工', drill: false }])]
    case 'signals':
      return [200, page(desk.alarms.map((alarm, index) => ({ seq: desk.alarms.length - index, received_at: alarm.raised_at, channel: alarm.channel, source: 'sia-dc09', account: alarm.account, code_system: alarm.code_system, code: alarm.code, qualifier: 'new', partition: '1', zone: alarm.zone, text: '', device_time: null, peer: '10.20.3.7:41022', raw_hex: '0a3641', drill: alarm.drill, label: '', label_zh: '' })))]
    case 'sessions':
      return [200, page(PEOPLE.map((one, index) => ({ id: `session${index}`, user_id: one.id, name: one.name, display_name: one.display_name, post: '接警一席', source_ip: `10.20.1.${index + 5}`, proven_by: index === 0 ? 'password+totp' : 'password', started_at: ago(7200 - index * 900), seen_at: ago(index * 40), expires_at: ago(-20_000) })))]
    case 'people-keys':
      return [200, page(PEOPLE.map((one, index) => ({ user_id: one.id, totp: index === 0, passkeys: index % 2, must_have_second_factor: false })))]
    case 'locks':
    case 'tokens':
    case 'identity-providers':
      return [200, page([])]
    case 'own':
      if (id === 'keys') return [200, { has_password: true, password_set_at: ago(864_000), password_ends_at: null, totp_since: null, recovery_codes_left: 0, passkeys: [], links: [], must_have_second_factor: false, fresh_until: ago(-600) }]
      return [200, page(id === 'sessions' ? [{ id: 'session0', post: '接警一席', source_ip: '10.20.1.5', proven_by: 'password', started_at: ago(7200), seen_at: ago(2), expires_at: ago(-20_000), is_this_one: true }] : [])]
    case 'recordings':
      return [200, [{ from: ago(40_000), until: ago(20_000), bytes: 4_100_000_000, state: 'closed', gaps: [{ from: ago(31_000), until: ago(29_000), cause: 'stream-lost' }] }, { from: ago(18_000), until: ago(0), bytes: 3_700_000_000, state: 'open', gaps: [{ from: ago(20_000), until: ago(18_000), cause: 'device-offline' }] }]]
    case 'system':
      return [200, { version: '0.1.0', started_at: ago(86400), site: '烽台市演示', time_zone: 'Asia/Shanghai', parts: [['database', 'good', 'SQLite WAL'], ['sia-dc09', 'good', '3 panels'], ['gb28181', 'good', '4 devices'], ['media', 'degraded', 'worker 2 restarts'], ['recordings', 'good', '']].map(([name, state, detail]) => ({ name, state, detail, since: ago(3600) })), figures: { signals_total: 4102, open_alarms: desk.alarms.length, streams_playing: 12, disk_free_bytes: 412_000_000_000, group_commit_p99_ms: 21.5 } }]
  }
  return [404, { kind: 'not-found', detail: parts.join('/') }]
}
