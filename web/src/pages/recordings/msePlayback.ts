/**
 * A film by Media Source Extensions: second n of the element is origin + n. Owns: the queue in front of the source buffer,
 * jumping over what is not there, throwing away what was seen. Must not know: where the bytes come from.
 */
import type { FilmPicture } from './filmSession'

const KEEP_SECONDS = 30
const STEP_SECONDS = 0.02
const NEVER_SECONDS = 1e9

export class MsePlayback implements FilmPicture {
  private source: MediaSource | null = null
  private buffer: SourceBuffer | null = null
  private address = ''
  private queue: ArrayBuffer[] = []
  private startSeconds = 0
  private isPlaced = false

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly broken: (why: string) => void,
  ) {}

  begin(codec: string, startMs: number): boolean {
    const mime = `video/mp4; codecs="${codec}"`
    const [wasPaused, rate] = [this.address !== '' && this.video.paused, this.video.playbackRate]
    this.end()
    if (typeof MediaSource === 'undefined' || !MediaSource.isTypeSupported(mime)) return false
    const source = new MediaSource()
    this.source = source
    this.startSeconds = startMs / 1000
    this.isPlaced = false
    this.address = URL.createObjectURL(source)
    source.addEventListener('sourceopen', () => this.opened(source, mime), { once: true })
    this.video.src = this.address
    this.video.defaultPlaybackRate = this.video.playbackRate = rate
    if (!wasPaused) void this.video.play().catch(() => {})
    return true
  }

  append(bytes: ArrayBuffer): void {
    this.queue.push(bytes)
    this.next()
  }

  end(): void {
    this.queue = []
    this.buffer = null
    this.source = null
    if (!this.address) return
    this.video.removeAttribute('src')
    this.video.load()
    URL.revokeObjectURL(this.address)
    this.address = ''
  }

  jump(toMs: number): boolean {
    const seconds = toMs / 1000
    if (!this.buffer || !this.isPlaced || !this.ranges().some(([start, end]) => start <= seconds && seconds < end)) return false
    this.video.currentTime = seconds
    return true
  }

  /** Called a few times a second: where nothing is recorded, go on where something is. */
  overGaps(): void {
    const { video } = this
    if (!this.isPlaced || video.seeking || video.readyState > HTMLMediaElement.HAVE_CURRENT_DATA) return
    const at = video.currentTime
    const next = this.ranges().find(([start, end]) => start > at || (start <= at && end - at > 0.1))
    if (next && next[0] > at) video.currentTime = next[0] + STEP_SECONDS
  }

  private ranges(): [number, number][] {
    const held = this.buffer?.buffered
    return held ? Array.from({ length: held.length }, (_, index) => [held.start(index), held.end(index)]) : []
  }

  private opened(source: MediaSource, mime: string): void {
    if (this.source !== source) return
    // A length is needed for moments to be inside it; the time line of the page tells the real one.
    source.duration = NEVER_SECONDS
    this.buffer = source.addSourceBuffer(mime)
    this.buffer.mode = 'segments'
    this.buffer.addEventListener('updateend', () => {
      this.place()
      this.next()
    })
    this.next()
  }

  private place(): void {
    const [first] = this.ranges()
    if (this.isPlaced || !first) return
    this.isPlaced = true
    const inside = this.startSeconds >= first[0] && this.startSeconds < first[1]
    this.video.currentTime = inside ? this.startSeconds : first[0] + STEP_SECONDS
  }

  private next(): void {
    const { buffer } = this
    if (!buffer || buffer.updating || this.source?.readyState !== 'open') return
    const seenSeconds = this.video.currentTime - KEEP_SECONDS
    const [first] = this.ranges()
    if (this.isPlaced && first && seenSeconds > first[0] + KEEP_SECONDS) return buffer.remove(0, seenSeconds)
    const bytes = this.queue[0]
    if (!bytes) return
    try {
      buffer.appendBuffer(bytes)
      this.queue.shift()
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError') {
        // Full: what was seen goes; else this piece waits until some was seen (overGaps and updateend come back here).
        if (first && this.video.currentTime - 1 > first[0]) buffer.remove(0, this.video.currentTime - 1)
        return
      }
      this.broken(error instanceof Error ? error.message : String(error))
    }
  }

  /** Called a few times a second, for pieces that waited for room. */
  goOn(): void {
    if (this.queue.length > 0) this.next()
  }
}
