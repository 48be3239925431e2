/**
 * Server-sent events read by hand: unlike EventSource it hears the comment lines that are the platform's life sign, and
 * it learns why it was refused. Owns: the wire form, resuming by Last-Event-ID, waiting before trying again, the
 * watchdog. Must not know: what any event means.
 */
export interface FeedEvent {
  seq: number
  kind: string
  data: Record<string, unknown>
}

/** Cuts a text stream into events by the WHATWG rules that the platform uses: id, event, data, comments, LF or CRLF. */
export class EventLines {
  private rest = ''
  private id = ''
  private kind = ''
  private data: string[] = []

  push(text: string, heard: (event: { id: string; kind: string; data: string }) => void): void {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/)
    this.rest = lines.pop() ?? ''
    for (const line of lines) this.line(line, heard)
  }

  private line(line: string, heard: (event: { id: string; kind: string; data: string }) => void): void {
    if (line === '') {
      if (this.data.length > 0) heard({ id: this.id, kind: this.kind || 'message', data: this.data.join('\n') })
      this.kind = ''
      this.data = []
      return
    }
    if (line.startsWith(':')) return
    const colon = line.indexOf(':')
    const [field, value] = colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')]
    if (field === 'id') this.id = value
    else if (field === 'event') this.kind = value
    else if (field === 'data') this.data.push(value)
  }
}

export interface StreamTell {
  heard: (event: FeedEvent) => void
  /** any byte came: the platform lives */
  alive: () => void
  /** connected; `resumed` is false when what happened in between may have been missed */
  open: (resumed: boolean) => void
  lost: (why: string) => void
  signedOut: () => void
}

export type Connect = (url: string, headers: Record<string, string>, signal: AbortSignal) => Promise<Response>

export const WATCHDOG_MS = 5000
const WAITS_MS = [250, 500, 1000, 2000, 3000]

export class EventStream {
  lastSeq = 0
  private attempts = 0
  private ended = false
  private abort: AbortController | null = null
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly tell: StreamTell,
    private readonly connect: Connect = (url, headers, signal) => fetch(url, { headers, signal, credentials: 'same-origin' }),
  ) {}

  start(): void {
    this.ended = false
    void this.run()
  }

  stop(): void {
    this.ended = true
    clearTimeout(this.timer)
    this.abort?.abort()
  }

  private async run(): Promise<void> {
    const abort = new AbortController()
    this.abort = abort
    const headers: Record<string, string> = { Accept: 'text/event-stream' }
    if (this.lastSeq > 0) headers['Last-Event-ID'] = String(this.lastSeq)
    this.watch(abort)
    try {
      const response = await this.connect('/api/events', headers, abort.signal)
      if (response.status === 401) return this.tell.signedOut()
      if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`)
      await this.read(response.body, abort)
      throw new Error('end of stream')
    } catch (error) {
      if (!this.ended) this.again(error instanceof Error ? error.message : String(error))
    } finally {
      abort.abort()
    }
  }

  private async read(body: ReadableStream<Uint8Array>, abort: AbortController): Promise<void> {
    const reader = body.getReader()
    const decoder = new TextDecoder()
    const lines = new EventLines()
    for (;;) {
      const { done, value } = await reader.read()
      if (done || this.ended) return
      this.watch(abort)
      this.attempts = 0
      this.tell.alive()
      lines.push(decoder.decode(value, { stream: true }), (event) => this.take(event))
    }
  }

  private take(event: { id: string; kind: string; data: string }): void {
    const data = JSON.parse(event.data) as Record<string, unknown>
    if (event.kind === 'hello') {
      const newest = Number(data.seq ?? 0)
      // An order that stands before ours is another log (a restored database): start from what it has.
      const resumed = this.lastSeq > 0 && newest >= this.lastSeq
      if (!resumed) this.lastSeq = newest
      return this.tell.open(resumed)
    }
    const seq = Number(event.id)
    if (seq > 0 && seq <= this.lastSeq) return
    if (seq > 0) this.lastSeq = seq
    this.tell.heard({ seq, kind: event.kind, data })
  }

  /** No byte for five seconds: the connection is dead even if nobody said so. */
  private watch(abort: AbortController): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => abort.abort(new Error('no life sign for 5 s')), WATCHDOG_MS)
  }

  private again(why: string): void {
    clearTimeout(this.timer)
    this.tell.lost(why)
    const wait = WAITS_MS[Math.min(this.attempts++, WAITS_MS.length - 1)] ?? 3000
    this.timer = setTimeout(() => void this.run(), wait)
  }
}
