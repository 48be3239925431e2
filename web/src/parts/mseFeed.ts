/**
 * Bytes onto a <video> by Media Source Extensions: what a live picture and a film have in common. Owns: the source, its
 * buffer, the queue in front of it, giving all of it back. Must not know: what is appended when, and what is thrown away.
 */
export abstract class MseFeed {
  protected source: MediaSource | null = null
  protected buffer: SourceBuffer | null = null
  protected queue: ArrayBuffer[] = []
  private address = ''

  constructor(
    protected readonly video: HTMLVideoElement,
    protected readonly broken: (why: string) => void,
  ) {}

  protected get isFed(): boolean {
    return this.address !== ''
  }

  /** Anew; false: this browser cannot decode it. */
  protected open(codec: string): boolean {
    this.end()
    const mime = `video/mp4; codecs="${codec}"`
    if (typeof MediaSource === 'undefined' || !MediaSource.isTypeSupported(mime)) return false
    const source = new MediaSource()
    this.source = source
    this.address = URL.createObjectURL(source)
    source.addEventListener('sourceopen', () => {
      if (this.source !== source) return
      this.prepare?.(source)
      this.buffer = source.addSourceBuffer(mime)
      this.buffer.mode = 'segments'
      this.buffer.addEventListener('updateend', () => this.updated())
      this.next()
    }, { once: true })
    this.video.src = this.address
    return true
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

  /** The buffer takes bytes now. */
  protected ready(): SourceBuffer | null {
    return this.buffer && !this.buffer.updating && this.source?.readyState === 'open' ? this.buffer : null
  }

  /** Hand over the first piece. `full`: the buffer has no room; the piece stays first in the queue. */
  protected appendFirst(buffer: SourceBuffer, full: () => void): void {
    const bytes = this.queue[0]
    if (!bytes) return
    try {
      buffer.appendBuffer(bytes)
      this.queue.shift()
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError') return full()
      this.broken(error instanceof Error ? error.message : String(error))
    }
  }

  /** Before the buffer is there. */
  protected prepare?(source: MediaSource): void

  protected updated(): void {
    this.next()
  }

  protected abstract next(): void
}
