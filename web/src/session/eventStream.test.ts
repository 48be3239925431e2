import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EventLines, EventStream, WATCHDOG_MS, type FeedEvent, type StreamTell } from './eventStream'

/** A platform whose every connection the test holds in its hand. */
class Platform {
  asked: Record<string, string>[] = []
  private lines: ReadableStreamDefaultController<Uint8Array> | undefined

  connect = (_url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> => {
    this.asked.push(headers)
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.lines = controller
        signal.addEventListener('abort', () => {
          try {
            controller.error(signal.reason)
          } catch {
            // the test has closed it already
          }
        })
      },
    })
    return Promise.resolve(new Response(body, { status: 200 }))
  }

  async says(text: string): Promise<void> {
    this.lines?.enqueue(new TextEncoder().encode(text))
    await vi.advanceTimersByTimeAsync(0)
  }

  async breaks(): Promise<void> {
    this.lines?.close()
    await vi.advanceTimersByTimeAsync(0)
  }
}

const event = (seq: number, kind: string) => `id: ${seq}\nevent: ${kind}\ndata: {"at": "2026-11-20T12:00:00.000Z"}\n\n`
let platform: Platform
let heard: FeedEvent[]
let told: string[]
let stream: EventStream

beforeEach(async () => {
  vi.useFakeTimers()
  platform = new Platform()
  heard = []
  told = []
  const tell: StreamTell = {
    heard: (one) => heard.push(one),
    alive: () => {},
    open: (resumed) => told.push(resumed ? 'resumed' : 'new'),
    lost: () => told.push('lost'),
    signedOut: () => told.push('signed out'),
  }
  stream = new EventStream(tell, platform.connect)
  stream.start()
  await vi.advanceTimersByTimeAsync(0)
})

afterEach(() => {
  stream.stop()
  vi.useRealTimers()
})

describe('the event feed', () => {
  it('resumes after the last event it heard, and hears none twice', async () => {
    await platform.says('event: hello\ndata: {"seq": 40}\n\n')
    await platform.says(event(41, 'alarms.raised'))
    await platform.breaks()
    await vi.advanceTimersByTimeAsync(250)

    expect(platform.asked[1]?.['Last-Event-ID']).toBe('41')
    await platform.says('id: 41\nevent: hello\ndata: {"seq": 41}\n\n')
    await platform.says(event(41, 'alarms.raised') + event(42, 'alarms.changed'))

    expect(heard.map((one) => one.seq)).toEqual([41, 42])
    expect(told).toEqual(['new', 'lost', 'resumed'])
  })

  it('takes a comment as a sign of life, and five silent seconds as the end', async () => {
    await platform.says('event: hello\ndata: {"seq": 1}\n\n')
    await vi.advanceTimersByTimeAsync(WATCHDOG_MS - 1)
    await platform.says(': here\n\n')
    await vi.advanceTimersByTimeAsync(WATCHDOG_MS - 1)
    expect(told).toEqual(['new'])

    await vi.advanceTimersByTimeAsync(1)
    expect(told).toEqual(['new', 'lost'])
  })

  it('begins anew when the platform has another, shorter log', async () => {
    await platform.says('event: hello\ndata: {"seq": 90}\n\n')
    await platform.breaks()
    await vi.advanceTimersByTimeAsync(250)
    await platform.says('event: hello\ndata: {"seq": 3}\n\n')
    await platform.says(event(4, 'alarms.raised'))

    expect(told).toEqual(['new', 'lost', 'new'])
    expect(heard.map((one) => one.seq)).toEqual([4])
  })
})

describe('the lines of an event', () => {
  it('are joined however the network cuts them', () => {
    const text = event(7, 'incidents.opened')
    for (let cut = 1; cut < text.length; cut++) {
      const found: string[] = []
      const lines = new EventLines()
      for (const part of [text.slice(0, cut), text.slice(cut)]) lines.push(part, (one) => found.push(`${one.id} ${one.kind}`))
      expect(found).toEqual(['7 incidents.opened'])
    }
  })
})
