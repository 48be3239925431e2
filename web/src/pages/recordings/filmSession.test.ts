import { describe, expect, it } from 'vitest'
import { FilmSession, type FilmNow, type FilmPicture, type FilmSocket } from './filmSession'

const FROM = 1_700_000_000_000
const UNTIL = FROM + 3_600_000
const HELLO = { type: 'hello', codec: 'avc1.640028', width: 640, height: 360, origin_ms: FROM, sound: false, recoded: false }

/** A worker's end of the socket and a picture that keeps what it is given. */
function film() {
  const sent: Record<string, unknown>[] = []
  const socket: FilmSocket = { binaryType: '', onmessage: null, onclose: null, send: (text) => void sent.push(JSON.parse(text) as Record<string, unknown>), close: () => {} }
  const shown = { begun: [] as [string, number][], pieces: 0, held: [] as [number, number][], at: 0 }
  const picture: FilmPicture = {
    begin: (codec, startMs) => (shown.begun.push([codec, startMs]), codec.startsWith('avc1')),
    append: () => void (shown.pieces += 1),
    end: () => void (shown.held = []),
    jump: (toMs) => shown.held.some(([from, until]) => from <= toMs && toMs < until) && ((shown.at = toMs), true),
  }
  const told: FilmNow[] = []
  const session = new FilmSession(socket, picture, (now) => told.push(now), FROM, UNTIL)
  const say = (word: unknown) => socket.onmessage?.({ data: word instanceof ArrayBuffer ? word : JSON.stringify(word) })
  return { session, sent, shown, say, socket }
}

describe('a film', () => {
  it('begins with a hello and takes the pieces that follow', () => {
    const { session, shown, say } = film()
    say(HELLO)
    say(new ArrayBuffer(8))
    expect(session.now.state).toBe('playing')
    expect(shown).toMatchObject({ begun: [['avc1.640028', 0]], pieces: 1 })
  })

  it('jumps at once to what is there, and asks for what is not', () => {
    const { session, sent, shown, say } = film()
    say(HELLO)
    shown.held = [[0, 10_000]]
    session.seek(FROM + 5000)
    expect([shown.at, sent.length]).toEqual([5000, 0])
    session.seek(FROM + 600_000)
    expect(sent.at(-1)).toEqual({ type: 'seek', to_ms: FROM + 600_000, sound: false })
    expect(session.now.state).toBe('seeking')
  })

  it('throws away what was under way when a person sought', () => {
    const { session, shown, say } = film()
    say(HELLO)
    session.seek(FROM + 600_000)
    say(new ArrayBuffer(8))
    say(HELLO)
    say(new ArrayBuffer(8))
    expect(shown).toMatchObject({ begun: [['avc1.640028', 0], ['avc1.640028', 600_000]], pieces: 1 })
  })

  it('asks further ahead the faster it plays, and not again for the same', () => {
    const { session, sent, say } = film()
    say(HELLO)
    session.shown(FROM, 1)
    session.shown(FROM + 200, 1)
    session.shown(FROM + 200, 4)
    expect(sent.map((one) => one.to_ms)).toEqual([FROM + 20_000, FROM + 80_200])
  })

  it('keeps the gaps that were told, with their causes, once each', () => {
    const { session, say } = film()
    const gap = { type: 'gap', from_ms: FROM + 1000, until_ms: FROM + 9000, cause: 'stream-lost' }
    say(gap)
    say(gap)
    expect(session.now.gaps).toHaveLength(1)
    expect(session.gapAt(FROM + 2000)?.cause).toBe('stream-lost')
    expect(session.gapAt(FROM + 9000)).toBeUndefined()
  })

  it('stands at its end when nothing is recorded from the sought moment on', () => {
    const { session, say } = film()
    say(HELLO)
    session.seek(UNTIL - 1000)
    say({ type: 'gap', from_ms: UNTIL - 1000, until_ms: UNTIL, cause: 'not-recorded' })
    say({ type: 'end', at_ms: UNTIL })
    expect(session.now.state).toBe('ended')
  })

  it('says what the worker said when it fails, and that it was closed when it was', () => {
    const failed = film()
    failed.say({ type: 'failed', detail: 'the disk does not give it' })
    expect(failed.session.now).toMatchObject({ state: 'failed', detail: 'the disk does not give it' })
    const closed = film()
    closed.socket.onclose?.({ code: 1008, reason: 'your session has ended' })
    expect(closed.session.now).toMatchObject({ state: 'closed', detail: 'your session has ended' })
  })

  it('never asks for a moment outside its span, and says when the browser cannot decode it', () => {
    const { session, sent, say } = film()
    session.seek(FROM - 1)
    session.seek(UNTIL + 1)
    expect(sent.map((one) => one.to_ms)).toEqual([FROM, UNTIL - 1])
    say({ ...HELLO, codec: 'hvc1.1.6.L93.B0' })
    expect(session.now.state).toBe('unsupported')
  })
})
