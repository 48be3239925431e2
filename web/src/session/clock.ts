/** The platform's clock as this console knows it: ages count by it, so that a wrong desk clock cannot hide a late alarm. */
import { readonly, ref } from 'vue'

const offsetMs = ref(0)
const now = ref(Date.now())
let spread = Infinity

/** The platform's moment now, in milliseconds; moves once a second. */
export const serverNow = readonly(now)
export const clockOffsetMs = readonly(offsetMs)

/** `ms` came with an answer: whole seconds only, so small differences are noise and are not followed. */
export function learnServerDate(ms: number, localMs = Date.now()): void {
  const seen = ms + 500 - localMs
  if (spread === Infinity || Math.abs(seen - offsetMs.value) > 1500) offsetMs.value = Math.abs(seen) < 1500 ? 0 : seen
  spread = 0
}

export function tick(localMs = Date.now()): void {
  now.value = localMs + offsetMs.value
}

export function startClock(): () => void {
  tick()
  const timer = setInterval(() => tick(), 1000)
  return () => clearInterval(timer)
}

export function secondsSince(moment: string | null | undefined, nowMs: number): number | null {
  if (!moment) return null
  const at = Date.parse(moment)
  return Number.isNaN(at) ? null : Math.max(0, (nowMs - at) / 1000)
}
