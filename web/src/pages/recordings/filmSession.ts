/**
 * One playback, without a screen: the socket, what is wanted, the gaps that were told, the moment that is shown.
 * Owns: the states and the words to the worker (docs/design/playback.md). Must not know: the DOM, MediaSource.
 */
export type FilmState = 'opening' | 'seeking' | 'playing' | 'ended' | 'failed' | 'unsupported' | 'closed'

export interface FilmGap {
  fromMs: number
  untilMs: number
  cause: string
}

export interface FilmNow {
  state: FilmState
  detail: string
  codec: string
  width: number
  height: number
  originMs: number
  recoded: boolean
  sound: boolean
  gaps: FilmGap[]
}

export interface FilmSocket {
  binaryType: string
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number; reason: string }) => void) | null
  send: (text: string) => void
  close: () => void
}

/** The picture counts in milliseconds of its own time line; 0 is the origin. */
export interface FilmPicture {
  /** false: this browser cannot decode it */
  begin: (codec: string, startMs: number) => boolean
  append: (bytes: ArrayBuffer) => void
  end: () => void
  /** true: the moment was there already, and is shown now */
  jump: (toMs: number) => boolean
}

export const AHEAD_MS = 20_000
const NEW: FilmNow = { state: 'opening', detail: '', codec: '', width: 0, height: 0, originMs: 0, recoded: false, sound: false, gaps: [] }

export class FilmSession {
  now: FilmNow
  private wantedMs: number
  private askedAheadMs = 0
  private listens = false

  constructor(
    private readonly socket: FilmSocket,
    private readonly picture: FilmPicture,
    private readonly changed: (now: FilmNow) => void,
    private readonly fromMs: number,
    private readonly untilMs: number,
  ) {
    this.now = { ...NEW, originMs: fromMs }
    this.wantedMs = fromMs
    socket.binaryType = 'arraybuffer'
    socket.onmessage = (event) => this.receive(event.data)
    socket.onclose = (event) => this.gone(event.reason)
  }

  /** Show this moment: at once when it is there, else it is asked for. */
  seek(toMs: number): void {
    this.wantedMs = Math.min(Math.max(toMs, this.fromMs), this.untilMs - 1)
    if (this.isOver) return
    const isHere = this.now.state !== 'seeking' && this.now.state !== 'opening' && this.picture.jump(this.wantedMs - this.now.originMs)
    if (isHere) return this.tell({ state: 'playing' })
    this.askAnew()
  }

  /** Sound is made only for those who ask for it: the film begins anew where it is. */
  listen(on: boolean, atMs: number): void {
    this.listens = on
    this.wantedMs = atMs
    if (!this.isOver) this.askAnew()
  }

  /** The picture stands here: what comes soon is asked for, more of it when it plays faster. */
  shown(atMs: number, rate: number): void {
    if (this.isOver || this.now.state === 'seeking') return
    const toMs = Math.min(Math.round(atMs + AHEAD_MS * Math.max(1, rate)), this.untilMs)
    if (toMs - this.askedAheadMs < 1000 && toMs < this.untilMs) return
    if (toMs === this.askedAheadMs) return
    this.askedAheadMs = toMs
    this.socket.send(JSON.stringify({ type: 'ahead', to_ms: toMs }))
  }

  gapAt(ms: number): FilmGap | undefined {
    return this.now.gaps.find((gap) => gap.fromMs <= ms && ms < gap.untilMs)
  }

  broke(why: string): void {
    this.stop()
    this.tell({ state: 'failed', detail: why })
  }

  stop(): void {
    this.socket.onmessage = this.socket.onclose = null
    this.socket.close()
    this.picture.end()
  }

  private get isOver(): boolean {
    return ['failed', 'unsupported', 'closed'].includes(this.now.state)
  }

  private askAnew(): void {
    this.askedAheadMs = 0
    if (this.now.state !== 'opening') this.tell({ state: 'seeking' })
    this.socket.send(JSON.stringify({ type: 'seek', to_ms: Math.round(this.wantedMs), sound: this.listens }))
  }

  private receive(data: unknown): void {
    if (typeof data === 'string') return this.hear(JSON.parse(data) as Record<string, unknown>)
    // What was under way before a seek belongs to the film that is thrown away.
    if (data instanceof ArrayBuffer && this.now.state !== 'seeking') this.picture.append(data)
  }

  private hear(word: Record<string, unknown>): void {
    const number = (key: string) => Number(word[key] ?? 0)
    if (word.type === 'hello') return this.begin(String(word.codec ?? ''), number('width'), number('height'), number('origin_ms'), word)
    if (word.type === 'gap') return this.noteGap({ fromMs: number('from_ms'), untilMs: number('until_ms'), cause: String(word.cause ?? '') })
    if (word.type === 'failed') return this.broke(String(word.detail ?? ''))
    // Nothing was there from the sought moment on: the film stands at its end, and the gap says why.
    if (word.type === 'end' && this.now.state !== 'playing') this.tell({ state: 'ended' })
  }

  private begin(codec: string, width: number, height: number, originMs: number, word: Record<string, unknown>): void {
    const seen = { codec, width, height, originMs, recoded: word.recoded === true, sound: word.sound === true, detail: '' }
    if (this.picture.begin(codec, this.wantedMs - originMs)) return this.tell({ ...seen, state: 'playing' })
    this.tell({ ...seen, state: 'unsupported' })
    this.socket.close()
  }

  private noteGap(gap: FilmGap): void {
    const others = this.now.gaps.filter((one) => one.untilMs <= gap.fromMs || one.fromMs >= gap.untilMs)
    this.tell({ gaps: [...others, gap].sort((a, b) => a.fromMs - b.fromMs) })
  }

  private gone(why: string): void {
    if (!this.isOver) this.tell({ state: 'closed', detail: why })
  }

  private tell(change: Partial<FilmNow>): void {
    this.now = { ...this.now, ...change }
    this.changed(this.now)
  }
}
