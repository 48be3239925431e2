/**
 * A film by Media Source Extensions: second n of the element is origin + n. Owns: jumping over what is not there, throwing
 * away what was seen. Must not know: where the bytes come from.
 */
import { MseFeed } from '@/parts/mseFeed'
import type { FilmPicture } from './filmSession'

const KEEP_SECONDS = 30
const STEP_SECONDS = 0.02
const NEVER_SECONDS = 1e9

export class MsePlayback extends MseFeed implements FilmPicture {
  private startSeconds = 0
  private isPlaced = false

  begin(codec: string, startMs: number): boolean {
    const [wasPaused, rate] = [this.isFed && this.video.paused, this.video.playbackRate]
    this.startSeconds = startMs / 1000
    this.isPlaced = false
    if (!this.open(codec)) return false
    this.video.defaultPlaybackRate = this.video.playbackRate = rate
    if (!wasPaused) void this.video.play().catch(() => {})
    return true
  }

  append(bytes: ArrayBuffer): void {
    this.queue.push(bytes)
    this.next()
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

  /** A length is needed for moments to be inside it; the time line of the page tells the real one. */
  protected override prepare(source: MediaSource): void {
    source.duration = NEVER_SECONDS
  }

  protected override updated(): void {
    this.place()
    this.next()
  }

  private place(): void {
    const [first] = this.ranges()
    if (this.isPlaced || !first) return
    this.isPlaced = true
    const inside = this.startSeconds >= first[0] && this.startSeconds < first[1]
    this.video.currentTime = inside ? this.startSeconds : first[0] + STEP_SECONDS
  }

  protected next(): void {
    const buffer = this.ready()
    if (!buffer) return
    const seenSeconds = this.video.currentTime - KEEP_SECONDS
    const [first] = this.ranges()
    if (this.isPlaced && first && seenSeconds > first[0] + KEEP_SECONDS) return buffer.remove(0, seenSeconds)
    // Full: what was seen goes; else this piece waits until some was seen (overGaps and updateend come back here).
    this.appendFirst(buffer, () => first && this.video.currentTime - 1 > first[0] && buffer.remove(0, this.video.currentTime - 1))
  }

  /** Called a few times a second, for pieces that waited for room. */
  goOn(): void {
    if (this.queue.length > 0) this.next()
  }
}
