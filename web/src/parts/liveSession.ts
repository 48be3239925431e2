/**
 * The life of one live picture, without a screen: ask for a ticket, open the socket, hand frames to the picture, notice
 * silence, try again, release everything. Owns: the states. Must not know: the DOM, MediaSource.
 */
import type { Answer } from '@/api/answer'
import type { WatchPlace } from '@/api/live'

export type LiveState = 'idle' | 'asking' | 'connecting' | 'starting' | 'playing' | 'stale' | 'failed' | 'unsupported'

/** none: no sound comes, or the point's policy keeps it; refused: it comes in a form that no browser plays */
export type Sound = 'none' | 'off' | 'on' | 'refused'

export interface LiveNow {
  state: LiveState
  stage: string
  detail: string
  fix: string
  codec: string
  width: number
  height: number
  /** local ms of the last media byte; 0 before the first */
  lastDataMs: number
  retryAtMs: number
  /** what the last try died of, kept on the tile while the next one runs; empty once there is a picture */
  lastFailure: string
  sound: Sound
  /** H.265 made into H.264 by the platform, because this browser cannot play it */
  recoded: boolean
}

export interface Socket {
  binaryType: string
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number; reason: string }) => void) | null
  onerror: (() => void) | null
  close: () => void
  send: (text: string) => void
}

export interface Picture {
  /** false: this browser cannot decode it */
  begin: (codec: string) => boolean
  append: (bytes: ArrayBuffer) => void
  end: () => void
}

export interface LiveMeans {
  watch: () => Promise<Answer<WatchPlace>>
  socket: (url: string) => Socket
  picture: Picture
  changed: (now: LiveNow) => void
  nowMs?: () => number
}

export const SILENCE_MS = 3000
export const FIRST_PICTURE_MS = 15_000
const WAITS_MS = [1000, 2000, 4000, 8000, 15_000]
const NEW: LiveNow = { state: 'idle', stage: '', detail: '', fix: '', codec: '', width: 0, height: 0, lastDataMs: 0, retryAtMs: 0, lastFailure: '', sound: 'none', recoded: false }

export class LiveSession {
  now: LiveNow = { ...NEW }
  private socket: Socket | null = null
  private retry: ReturnType<typeof setTimeout> | undefined
  private check: ReturnType<typeof setInterval> | undefined
  private attempts = 0
  private turn = 0
  private startedMs = 0
  /** a person listens: kept when the picture has to be asked for again */
  private listens = false

  constructor(private readonly means: LiveMeans) {}

  async start(): Promise<void> {
    this.release()
    const turn = ++this.turn
    this.startedMs = this.nowMs()
    const { lastFailure, detail, fix } = this.now
    this.tell(lastFailure ? { ...NEW, state: 'asking', lastFailure, detail, fix } : { ...NEW, state: 'asking' })
    const answer = await this.means.watch()
    if (turn !== this.turn) return
    if (answer.status === 'refused') {
      const { kind, detail, title } = answer.problem
      return this.fail(kind, detail || title, '', kind !== 'forbidden' && kind !== 'not-found')
    }
    this.open(answer.value.url, turn)
  }

  /** Try at once, because a person asked for it. */
  again(): void {
    this.attempts = 0
    void this.start()
  }

  /** Sound is made only for those who ask for it; it comes with a new beginning of the picture. */
  listen(on: boolean): void {
    this.listens = on
    this.socket?.send(JSON.stringify({ type: 'sound', on }))
  }

  stop(): void {
    this.turn += 1
    this.release()
    this.tell({ ...NEW })
  }

  /** The platform tells how far the stream is, also before the socket is open. */
  hearStage(stage: string, detail: string, fix: string): void {
    if (this.now.state === 'idle' || this.now.state === 'playing' || this.now.state === 'unsupported') return
    if (stage === 'failed' || stage === 'stopped') this.tell({ stage, detail, fix })
    else if (this.now.state !== 'failed') this.tell({ stage, detail, fix })
  }

  private open(url: string, turn: number): void {
    this.tell({ state: 'connecting' })
    const socket = this.means.socket(url)
    socket.binaryType = 'arraybuffer'
    socket.onmessage = (event) => turn === this.turn && this.receive(event.data)
    socket.onerror = () => {}
    socket.onclose = (event) => {
      if (turn !== this.turn || this.now.state === 'unsupported') return
      const told = this.now.stage === 'failed' || this.now.stage === 'stopped'
      this.fail(told ? this.now.stage : 'closed', told ? this.now.detail : event.reason, this.now.fix, true)
    }
    this.socket = socket
    this.check = setInterval(() => this.look(), 500)
  }

  private receive(data: unknown): void {
    if (typeof data === 'string') return this.hear(JSON.parse(data) as Record<string, unknown>)
    if (!(data instanceof ArrayBuffer) || this.now.state === 'unsupported') return
    this.means.picture.append(data)
    const lastDataMs = this.nowMs()
    if (this.now.state === 'playing') this.now = { ...this.now, lastDataMs }
    else this.tell({ lastDataMs })
  }

  private hear(message: Record<string, unknown>): void {
    const text = (key: string) => (typeof message[key] === 'string' ? (message[key] as string) : '')
    if (message.type === 'hello') {
      const [codec, width, height] = [text('codec'), Number(message.width ?? 0), Number(message.height ?? 0)]
      const recoded = message.recoded === true
      const sound = message.sound === true ? 'on' : this.now.sound === 'on' ? 'off' : this.now.sound
      this.startedMs = this.nowMs()
      if (this.means.picture.begin(codec)) return this.tell({ state: 'starting', codec, width, height, recoded, sound })
      this.tell({ state: 'unsupported', codec, width, height })
      return this.socket?.close()
    }
    if (message.type === 'sound') return this.hearOfSound(message.available === true, text('codec'))
    if (message.type !== 'state') return
    const [stage, detail, fix] = [text('stage'), text('detail'), text('fix')]
    this.tell({ stage, detail, fix })
    if (stage === 'failed' || stage === 'stopped') this.fail(stage, detail, fix, true)
  }

  private hearOfSound(available: boolean, codec: string): void {
    if (!available) return this.tell({ sound: codec ? 'refused' : 'none' })
    if (this.now.sound !== 'on') this.tell({ sound: 'off' })
    if (this.listens && this.now.sound !== 'on') this.listen(true)
  }

  /** The picture itself says that a frame is on the screen. */
  shown(): void {
    if (this.now.state !== 'starting' && this.now.state !== 'stale') return
    if (this.nowMs() - this.now.lastDataMs > SILENCE_MS) return
    this.attempts = 0
    this.tell({ state: 'playing', stage: 'playing', detail: '', fix: '', lastFailure: '' })
  }

  private look(): void {
    const now = this.nowMs()
    if (this.now.state === 'playing' && now - this.now.lastDataMs > SILENCE_MS) this.tell({ state: 'stale' })
    else if (this.now.state === 'stale' && now - this.now.lastDataMs <= SILENCE_MS) this.tell({ state: 'playing' })
    const waits = this.now.state === 'connecting' || this.now.state === 'starting'
    const silent = this.now.state === 'stale' && now - this.now.lastDataMs > FIRST_PICTURE_MS
    if ((waits && now - this.startedMs > FIRST_PICTURE_MS) || silent) {
      this.fail(silent ? 'silent' : 'no-picture', this.now.detail, this.now.fix, true)
    }
  }

  private fail(stage: string, detail: string, fix: string, mayRetry: boolean): void {
    this.turn += 1
    this.release()
    const wait = WAITS_MS[Math.min(this.attempts++, WAITS_MS.length - 1)] ?? 15_000
    this.tell({ state: 'failed', stage, detail, fix, lastFailure: stage, retryAtMs: mayRetry ? this.nowMs() + wait : 0 })
    if (mayRetry) this.retry = setTimeout(() => void this.start(), wait)
  }

  private release(): void {
    clearTimeout(this.retry)
    clearInterval(this.check)
    const socket = this.socket
    this.socket = null
    if (socket) {
      socket.onmessage = socket.onclose = socket.onerror = null
      socket.close()
    }
    this.means.picture.end()
  }

  private nowMs(): number {
    return this.means.nowMs?.() ?? Date.now()
  }

  private tell(change: Partial<LiveNow>): void {
    this.now = { ...this.now, ...change }
    this.means.changed(this.now)
  }
}
