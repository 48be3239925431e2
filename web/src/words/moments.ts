/** How moments and durations are written. People see the site's time zone; it is named in the top bar. */
import { ref } from 'vue'

export const siteZone = ref('Asia/Shanghai')

type Shape = 'clock' | 'day' | 'weekday' | 'full' | 'minute'
const SHAPES: Record<Shape, Intl.DateTimeFormatOptions> = {
  clock: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  minute: { hour: '2-digit', minute: '2-digit' },
  day: { year: 'numeric', month: '2-digit', day: '2-digit' },
  weekday: { weekday: 'short' },
  full: { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
}
const made = new Map<string, Intl.DateTimeFormat>()

function formatter(shape: Shape, locale: string): Intl.DateTimeFormat {
  const key = `${shape} ${locale} ${siteZone.value}`
  let found = made.get(key)
  if (!found) {
    // Swedish writes 2026-11-20 03:04:05, which reads the same to everybody; only weekdays need the language.
    const spelt = shape === 'weekday' ? locale : 'sv-SE'
    found = new Intl.DateTimeFormat(spelt, { ...SHAPES[shape], hourCycle: 'h23', timeZone: siteZone.value })
    made.set(key, found)
  }
  return found
}

export function moment(value: string | number | null | undefined, shape: Shape = 'clock', locale = 'zh-CN'): string {
  if (value === null || value === undefined || value === '') return '–'
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? '–' : formatter(shape, locale).format(date)
}

/** Seconds as 8:05 or 1:02:03: for ages that count and for phases. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–'
  const whole = Math.max(0, Math.floor(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  if (hours >= 48) return `${Math.floor(hours / 24)}d ${hours % 24}h`
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}

export function zoneName(locale: string): string {
  const parts = new Intl.DateTimeFormat(locale, { timeZone: siteZone.value, timeZoneName: 'shortOffset' }).formatToParts(new Date())
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? siteZone.value
}

/** The moment at which the site's day began that holds this one. Days of 24 hours: a site with summer time is an hour off on two days a year. */
export function dayStartMs(ms: number): number {
  const [hours = 0, minutes = 0, seconds = 0] = moment(ms, 'clock').split(':').map(Number)
  return Math.floor(ms / 1000) * 1000 - ((hours * 60 + minutes) * 60 + seconds) * 1000
}
