/**
 * A live picture by Media Source Extensions. Owns: staying at the live edge, throwing old media away.
 * Must not know: where the bytes come from.
 */
import type { Picture } from './liveSession'
import { MseFeed } from './mseFeed'

const LATE_SECONDS = 1.5
const BEHIND_EDGE_SECONDS = 0.25
const KEEP_SECONDS = 8
const QUEUE_LIMIT = 400

/** Whether this browser decodes H.265; if not, the platform sends H.264 instead. */
export const playsH265 = (): boolean =>
  typeof MediaSource !== 'undefined' && MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L93.B0"')

export class MsePicture extends MseFeed implements Picture {
  begin(codec: string): boolean {
    return this.open(codec)
  }

  append(bytes: ArrayBuffer): void {
    this.queue.push(bytes)
    if (this.queue.length > QUEUE_LIMIT) return this.broken('the browser decodes too slowly')
    this.next()
  }

  protected next(): void {
    const buffer = this.ready()
    if (!buffer) return
    this.keepEdge(buffer)
    if (buffer.updating) return
    this.appendFirst(buffer, () => {
      const { currentTime } = this.video
      if (currentTime > 1) buffer.remove(0, currentTime - 1)
      else this.broken('the browser has no room for the picture')
    })
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
