/**
 * Recorded hours and gaps laid on days of the site's time zone. A gap has a cause; what is neither recorded nor told as a
 * gap is named as such: nothing is painted as recorded that is not.
 */
import type { RecordedHour } from '@/api/recordings'

export interface Stretch {
  fromMs: number
  untilMs: number
  /** empty: recorded */
  cause: string
}

export interface Day {
  startMs: number
  endMs: number
  stretches: Stretch[]
  recordedMs: number
  /** of the day, or of its part until now */
  possibleMs: number
}

const DAY_MS = 86_400_000

/** What is known of the time between, in order and without overlap: recorded pieces with the gaps cut out of them. */
export function stretches(hours: readonly RecordedHour[], nowMs: number): Stretch[] {
  const gaps = hours
    .flatMap((hour) => hour.gaps)
    .map((gap) => ({ fromMs: Date.parse(gap.from), untilMs: gap.until ? Date.parse(gap.until) : nowMs, cause: gap.cause }))
    .filter((gap) => gap.untilMs > gap.fromMs)
    .sort((a, b) => a.fromMs - b.fromMs)
  const found: Stretch[] = []
  let gapEnd = 0
  for (const gap of gaps) {
    if (gap.untilMs <= gapEnd) continue
    found.push({ ...gap, fromMs: Math.max(gap.fromMs, gapEnd) })
    gapEnd = gap.untilMs
  }
  for (const hour of hours) {
    let at = Date.parse(hour.from)
    const until = Math.min(Date.parse(hour.until), nowMs)
    for (const gap of gaps) {
      if (gap.untilMs <= at || gap.fromMs >= until) continue
      if (gap.fromMs > at) found.push({ fromMs: at, untilMs: gap.fromMs, cause: '' })
      at = Math.max(at, gap.untilMs)
    }
    if (until > at) found.push({ fromMs: at, untilMs: until, cause: '' })
  }
  return found.sort((a, b) => a.fromMs - b.fromMs)
}

/** The newest day first. `todayMs` is the start of today where the site is. */
export function days(hours: readonly RecordedHour[], todayMs: number, count: number, nowMs: number): Day[] {
  const all = stretches(hours, nowMs)
  return Array.from({ length: count }, (_, index) => {
    const startMs = todayMs - index * DAY_MS
    const endMs = startMs + DAY_MS
    const inside = all
      .filter((one) => one.untilMs > startMs && one.fromMs < endMs)
      .map((one) => ({ ...one, fromMs: Math.max(one.fromMs, startMs), untilMs: Math.min(one.untilMs, endMs) }))
    const recordedMs = inside.filter((one) => one.cause === '').reduce((sum, one) => sum + one.untilMs - one.fromMs, 0)
    return { startMs, endMs, stretches: inside, recordedMs, possibleMs: Math.min(endMs, nowMs) - startMs }
  })
}
