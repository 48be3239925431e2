/**
 * When to ask again. Events that come close together are answered once; events that never pause are still answered once a
 * second; and while an answer is under way no other is asked for, since asking anew would throw it away.
 */
export const LONGEST_WAIT_MS = 1000

export interface Pace {
  /** something has happened */
  soon: () => void
  stop: () => void
}

export function paced(act: () => Promise<void>, settleMs: number, longestMs = LONGEST_WAIT_MS): Pace {
  let timer: ReturnType<typeof setTimeout> | undefined
  /** when the oldest event was heard that no answer holds yet */
  let heardAt: number | undefined
  let busy = false
  let stopped = false

  async function answer(): Promise<void> {
    heardAt = undefined
    busy = true
    await act()
    busy = false
    if (heardAt !== undefined) soon()
  }

  function soon(): void {
    if (stopped) return
    clearTimeout(timer)
    heardAt ??= performance.now()
    if (busy) return
    const left = heardAt + Math.max(settleMs, longestMs) - performance.now()
    timer = setTimeout(() => void answer(), Math.max(0, Math.min(settleMs, left)))
  }

  function stop(): void {
    stopped = true
    clearTimeout(timer)
  }

  return { soon, stop }
}
