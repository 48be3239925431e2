import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ok, type Answer } from '@/api/answer'
import type { WatchPlace } from '@/api/live'
import { FIRST_PICTURE_MS, LiveSession, SILENCE_MS, type Picture, type Socket } from './liveSession'

class FakeSocket implements Socket {
  binaryType = ''
  closed = false
  onmessage: Socket['onmessage'] = null
  onclose: Socket['onclose'] = null
  onerror: Socket['onerror'] = null
  close = () => void (this.closed = true)
  sent: unknown[] = []
  send = (text: string) => void this.sent.push(JSON.parse(text))
  says = (message: object) => this.onmessage?.({ data: JSON.stringify(message) })
  sends = (bytes: number) => this.onmessage?.({ data: new ArrayBuffer(bytes) })
}

class FakePicture implements Picture {
  bytes = 0
  released = 0
  constructor(private readonly decodes: (codec: string) => boolean = () => true) {}
  begin = (codec: string) => this.decodes(codec)
  append = (bytes: ArrayBuffer) => void (this.bytes += bytes.byteLength)
  end = () => void (this.released += 1)
}

const PLACE: WatchPlace = { point_id: 'p', stream_id: 's', url: 'ws://worker/live/s', expires_at: '' }
const HELLO = { type: 'hello', codec: 'avc1.640028', width: 1280, height: 720 }
const refusal = (kind: 'forbidden' | 'unavailable'): Answer<WatchPlace> => ({
  status: 'refused',
  problem: { type: '', title: '', status: 503, detail: 'no answer', kind, asked: '', at: '' },
})
let sockets: FakeSocket[]
let picture: FakePicture

function session(answers: Answer<WatchPlace>[] = []): LiveSession {
  return new LiveSession({
    watch: () => Promise.resolve(answers.shift() ?? ok(PLACE)),
    socket: () => {
      const socket = new FakeSocket()
      sockets.push(socket)
      return socket
    },
    picture,
    changed: () => {},
  })
}

async function playing(): Promise<LiveSession> {
  const live = session()
  await live.start()
  sockets[0]?.says(HELLO)
  sockets[0]?.sends(1000)
  live.shown()
  return live
}

beforeEach(() => {
  vi.useFakeTimers()
  sockets = []
  picture = new FakePicture()
})
afterEach(() => void vi.useRealTimers())

describe('a live picture', () => {
  it('asks, connects, starts and plays', async () => {
    const live = session()
    const begun = live.start()
    expect(live.now.state).toBe('asking')
    await begun
    expect(live.now.state).toBe('connecting')
    sockets[0]?.says(HELLO)
    expect(live.now.state).toBe('starting')
    sockets[0]?.sends(500)
    live.shown()
    expect(live.now).toMatchObject({ state: 'playing', codec: 'avc1.640028', width: 1280 })
    expect(picture.bytes).toBe(500)
  })

  it('says that it is stale after three silent seconds, and plays again with the next byte', async () => {
    const live = await playing()
    await vi.advanceTimersByTimeAsync(SILENCE_MS + 500)
    expect(live.now.state).toBe('stale')
    sockets[0]?.sends(10)
    await vi.advanceTimersByTimeAsync(500)
    expect(live.now.state).toBe('playing')
  })

  it('says which codec this browser cannot decode, and does not try again', async () => {
    picture = new FakePicture((codec) => codec.startsWith('avc1'))
    const live = session()
    await live.start()
    sockets[0]?.says({ ...HELLO, codec: 'hvc1.1.6.L93' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(live.now).toMatchObject({ state: 'unsupported', codec: 'hvc1.1.6.L93' })
    expect(sockets).toHaveLength(1)
  })

  it('tries again with growing waits, and keeps the reason in sight meanwhile', async () => {
    const live = session([refusal('unavailable'), refusal('unavailable')])
    await live.start()
    expect(live.now).toMatchObject({ state: 'failed', stage: 'unavailable', detail: 'no answer' })
    await vi.advanceTimersByTimeAsync(1000)
    expect(live.now.state).toBe('failed')
    await vi.advanceTimersByTimeAsync(1999)
    expect(sockets).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets).toHaveLength(1)
    expect(live.now).toMatchObject({ state: 'connecting', lastFailure: 'unavailable' })
  })

  it('does not knock again where it is not allowed in', async () => {
    const live = session([refusal('forbidden')])
    await live.start()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(live.now).toMatchObject({ state: 'failed', retryAtMs: 0 })
    expect(sockets).toHaveLength(0)
  })

  it('shows the reason that the worker tells', async () => {
    const live = await playing()
    sockets[0]?.says({ type: 'state', stage: 'failed', detail: 'BYE from the device', fix: 'look at its channel' })
    expect(live.now).toMatchObject({ state: 'failed', detail: 'BYE from the device', fix: 'look at its channel' })
    expect(sockets[0]?.closed).toBe(true)
  })

  it('gives up a start that brings no picture', async () => {
    const live = session()
    await live.start()
    sockets[0]?.says(HELLO)
    await vi.advanceTimersByTimeAsync(FIRST_PICTURE_MS + 500)
    expect(live.now).toMatchObject({ state: 'failed', stage: 'no-picture' })
  })

  it('listens only when it is asked to, and again after the picture was lost', async () => {
    const live = await playing()
    expect(live.now.sound).toBe('none')
    sockets[0]?.says({ type: 'sound', available: true, codec: 'g711a', detail: '' })
    expect(live.now.sound).toBe('off')
    expect(sockets[0]?.sent).toEqual([])
    live.listen(true)
    expect(sockets[0]?.sent).toEqual([{ type: 'sound', on: true }])
    sockets[0]?.says({ ...HELLO, codec: 'avc1.640028,flac', sound: true })
    live.shown()
    expect(live.now.sound).toBe('on')
    await live.start()
    expect(live.now.sound).toBe('none')
    sockets[1]?.says({ ...HELLO, sound: false })
    sockets[1]?.says({ type: 'sound', available: true, codec: 'g711a', detail: '' })
    expect(sockets[1]?.sent).toEqual([{ type: 'sound', on: true }])
  })

  it('says when the sound is of a kind that nobody can play here, and when the picture was re-coded', async () => {
    const live = await playing()
    sockets[0]?.says({ type: 'sound', available: false, codec: 'g722.1', detail: 'recorded only' })
    sockets[0]?.says({ ...HELLO, recoded: true })
    expect(live.now).toMatchObject({ sound: 'refused', recoded: true })
  })

  it('releases everything when it is stopped', async () => {
    const live = await playing()
    live.stop()
    expect(sockets[0]?.closed).toBe(true)
    expect(sockets[0]?.onmessage).toBeNull()
    const released = picture.released
    await vi.advanceTimersByTimeAsync(120_000)
    expect(live.now.state).toBe('idle')
    expect(sockets).toHaveLength(1)
    expect(picture.released).toBe(released)
  })
})
