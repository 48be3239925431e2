/** A Vite plugin that answers /api/ from memory by the platform's contract. For looking at the console, never for tests. */
import { createReadStream, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Plugin } from 'vite'
import { ago, PEOPLE, permissionsOf, POINTS, PREMISES, UNITS } from './city'
import { Desk } from './desk'
import { serveLive } from './liveVideo'
import { readAnswers } from './reads'

type Row = Record<string, any> // eslint-disable-line @typescript-eslint/no-explicit-any
const VIDEO = process.env.FENGTAI_MOCK_VIDEO ?? ''
const ROLE = process.env.FENGTAI_MOCK_ROLE ?? ''

export function mockedPlatform(): Plugin {
  const log: { seq: number; kind: string; data: Row }[] = []
  const streams = new Set<ServerResponse>()
  let setupNeeded = process.env.FENGTAI_MOCK_SETUP === '1'
  let who: Row | undefined = ROLE ? session(PEOPLE.find((one) => one.name === ROLE) as Row, '接警一席') : undefined
  const publish = (kind: string, data: Row) => {
    log.push({ seq: log.length + 1, kind, data: { at: new Date().toISOString(), ...data } })
    for (const stream of streams) tell(stream, log.at(-1)!)
  }
  const tell = (stream: ServerResponse, event: { seq: number; kind: string; data: Row }) =>
    stream.write(`id: ${event.seq}\nevent: ${event.kind}\ndata: ${JSON.stringify(event.data)}\n\n`)
  const desk = new Desk(publish)
  const livePort = VIDEO ? serveLive(VIDEO) : undefined
  const every = Number(process.env.FENGTAI_MOCK_RAISE_SECONDS ?? 0)
  if (every > 0) setInterval(() => desk.raise(Math.floor(Math.random() * 7)), every * 1000).unref()

  function session(person: Row, post: string): Row {
    return { token: 't', user_id: person.id, name: person.name, display_name: person.display_name, roles: person.roles, permissions: permissionsOf(person.roles), post, expires_at: ago(-28800), proven_by: 'password', due: [] }
  }

  function events(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    const after = Number(request.headers['last-event-id'] ?? log.length)
    response.write(`event: hello\ndata: {"seq": ${log.length}}\n\n`)
    log.slice(after).forEach((event) => tell(response, event))
    streams.add(response)
    const sign = setInterval(() => response.write(': alive\n\n'), 2000)
    response.on('close', () => (clearInterval(sign), streams.delete(response)))
  }

  async function answer(method: string, url: URL, body: Row): Promise<[number, unknown]> {
    const parts = url.pathname.split('/').slice(2)
    const [room, id, ...rest] = parts
    if (room === 'setup') {
      if (method === 'POST') setupNeeded = false
      return method === 'POST' ? [201, {}] : [200, { needed: setupNeeded, checks: [{ id: 'time', ok: true, detail: 'clock offset 3 ms', fix: '' }, { id: 'disk', ok: true, detail: '412 GB free', fix: '' }, { id: 'sip', ok: false, detail: 'media.advertised is 127.0.0.1', fix: 'set FENGTAI_MEDIA__ADVERTISED to an address that cameras can reach' }] }]
    }
    if (room === 'session') {
      if (method === 'DELETE') who = undefined
      if (method === 'POST') {
        const person = PEOPLE.find((one) => one.name === body.name)
        if (!person || body.password !== 'demo') return [401, { title: 'wrong name or password', detail: 'Name or password is wrong.', kind: 'unauthenticated' }]
        who = session(person, body.post)
      }
      return who || method === 'DELETE' ? [200, who ?? {}] : [401, { kind: 'unauthenticated' }]
    }
    if (room === 'sign-in') return [200, { providers: [], passkey_name: 'localhost', password_profile: 'mlps3', shortest_password: 10 }]
    if (!who) return [401, { kind: 'unauthenticated' }]
    if (room === 'incidents' && method === 'POST') {
      const incident = id ? desk.incidents.find((one) => one.id === id) : desk.take(body.alarm_id, who)
      if (!incident) return [409, { kind: 'conflict', detail: 'The alarm has been taken by somebody else.' }]
      const refused = id ? desk.act(incident, rest, body, who) : undefined
      return refused ? [409, { kind: 'conflict', detail: refused }] : [id ? 200 : 201, incident]
    }
    if (room === 'alarms' && method === 'POST') {
      const alarm = desk.alarms.find((one) => one.id === id)
      if (!alarm) return [404, { kind: 'not-found' }]
      Object.assign(alarm, { state: 'shelved', shelved_until: ago(-60 * body.minutes), shelved_reason: body.reason, version: alarm.version + 1 })
      publish('alarms.changed', { alarm_id: id, step: 'shelve', state: 'shelved' })
      return [200, alarm]
    }
    if (room === 'live' && rest[0] === 'watch') {
      const point = POINTS.find((one) => one.id === id)
      if (!livePort || point?.presence !== 'online') {
        return [503, { kind: 'unavailable', title: 'no picture', detail: point?.presence === 'offline' ? 'The device has not been heard for 4 minutes; last keepalive 03:02:11.' : 'No device is bound to the point.' }]
      }
      return [200, { point_id: id, stream_id: `s-${id}`, url: `ws://127.0.0.1:${await livePort}/live/s-${id}?ticket=x`, expires_at: ago(-60) }]
    }
    if (room === 'mock' && id === 'raise') return [200, desk.raise(Number(rest[0] ?? 0))]
    if (method === 'GET') return readAnswers(parts, url.searchParams, desk)
    if (method === 'PUT' || method === 'POST') {
      const list: Row[] | undefined = { points: POINTS, premises: PREMISES, units: UNITS, people: PEOPLE }[room ?? ''] as Row[] | undefined
      const found = list?.find((one) => one.id === id)
      if (found) Object.assign(found, body)
      else if (list && !id) list.push({ id: `new${list.length}`, ...body } as never)
      return [200, found ?? { ...body }]
    }
    return [404, { kind: 'not-found', detail: url.pathname }]
  }

  return {
    name: 'fengtai-mocked-platform',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const url = new URL(request.url ?? '/', 'http://mock')
        if (!url.pathname.startsWith('/api/')) return next()
        if (url.pathname === '/api/events') return events(request, response)
        if (url.pathname.startsWith('/api/clips/') && VIDEO) {
          response.writeHead(200, { 'Content-Type': 'video/mp4', 'Content-Length': statSync(VIDEO).size })
          return void createReadStream(VIDEO).pipe(response)
        }
        const chunks: Buffer[] = []
        request.on('data', (chunk: Buffer) => chunks.push(chunk))
        request.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          void answer(request.method ?? 'GET', url, text ? (JSON.parse(text) as Row) : {}).then(([status, value]) => {
            response.writeHead(status, { 'Content-Type': 'application/json' })
            response.end(JSON.stringify(value))
          })
        })
      })
    },
  }
}
