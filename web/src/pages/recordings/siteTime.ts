/** Moments as people type them: of the site's clock, not of this desk's. */
import { moment } from '@/words/moments'

const asUtc = (text: string) => Date.parse(`${text.replace(' ', 'T')}Z`)

/** How far the site's clock is ahead of UTC at this moment, ms. */
export const siteOffsetMs = (ms: number): number => asUtc(moment(ms, 'full')) - Math.floor(ms / 1000) * 1000

/** "2026-11-20 08:05:00" (or without seconds) on the site's clock, as a moment; NaN for what is none. */
export function siteMs(text: string): number {
  const typed = text.trim().replace(/\s+/, 'T')
  const guess = asUtc(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(typed) ? `${typed}:00` : typed)
  return Number.isNaN(guess) ? NaN : guess - siteOffsetMs(guess - siteOffsetMs(guess))
}

export const siteText = (ms: number): string => moment(ms, 'full')
