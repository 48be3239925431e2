/**
 * fMP4 fragments onto a <video> by Media Source Extensions. Owns: the queue in front of the source buffer, staying at the
 * live edge, throwing old media away. Must not know: where the bytes come from.
 */
import type { Picture } from './liveSession'

const LATE_SECONDS = 1.5
const BEHIND_EDGE_SECONDS = 0.25
const KEEP_SECONDS = 8
const QUEUE_LIMIT = 400

/** Whether this browser decodes H.265; if not, the platform sends H.264 instead. */
export const playsH265 = (): boolean =>
  typeof MediaSource !== 'undefined' && MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L93.B0"')

export class MsePicture implements Picture {
  private source: MediaSource | null = null
  private buffer: SourceBuffer | null = null
  private address = ''
  private queue: ArrayBuffer[] = []

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly broken: (why: string) => void,
  ) {}

  begin(codec: string): boolean {
    this.end()
    const mime = `video/mp4; codecs="${codec}"`
    if (typeof MediaSource === 'undefined' || !MediaSource.isTypeSupported(mime)) return false
    const source = new MediaSource()
    this.source = source
    this.address = URL.createObjectURL(source)
    source.addEventListener('sourceopen', () => {
      if (this.source !== source) return
      this.buffer = source.addSourceBuffer(mime)
      this.buffer.mode = 'segments'
      this.buffer.addEventListener('updateend', () => this.next())
      this.next()
    }, { once: true })
    this.video.src = this.address
    return true
  }

  append(bytes: ArrayBuffer): void {
    this.queue.push(bytes)
    if (this.queue.length > QUEUE_LIMIT) return this.broken('the browser decodes too slowly')
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

  private next(): void {
    const buffer = this.buffer
    if (!buffer || buffer.updating || this.source?.readyState !== 'open') return
    this.keepEdge(buffer)
    if (buffer.updating) return
    const bytes = this.queue.shift()
    if (!bytes) return
    try {
      buffer.appendBuffer(bytes)
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError') {
        this.queue.unshift(bytes)
        const { currentTime } = this.video
        if (currentTime > 1) return buffer.remove(0, currentTime - 1)
      }
      this.broken(error instanceof Error ? error.message : String(error))
    }
  }

  private keepEdge(buffer: SourceBuffer): void {
    const ranges = buffer.buffered
    if (ranges.length === 0) return
    const last = ranges.length - 1
    const [start, end] = [ranges.start(last), ranges.end(last)]
    const { video } = this
    if (video.currentTime < start || end - video.currentTime > LATE_SECONDS) {
      video.currentTime = Math.max(start, end - BEHIND_EDGE_SECONDS)
    }
    if (video.paused) void video.play().catch(() => {})
    if (video.currentTime - ranges.start(0) > KEEP_SECONDS * 2) buffer.remove(0, video.currentTime - KEEP_SECONDS)
  }
}
