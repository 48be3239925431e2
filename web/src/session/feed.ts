/** The live event feed of this console: one stream, many listeners, and whether the platform is there. */
import { defineStore } from 'pinia'
import { onScopeDispose, ref } from 'vue'
import { EventStream, type FeedEvent } from './eventStream'

export type Link = 'idle' | 'connecting' | 'connected' | 'lost'
type Listener = (event: FeedEvent) => void

export const useFeed = defineStore('feed', () => {
  const link = ref<Link>('idle')
  const lastAliveMs = ref(0)
  const lostSinceMs = ref(0)
  const lostWhy = ref('')
  /** counts how often everything must be asked again, because events may have been missed */
  const epoch = ref(0)
  const listeners = new Set<Listener>()
  const signedOutListeners = new Set<() => void>()

  const stream = new EventStream({
    heard: (event) => listeners.forEach((listener) => listener(event)),
    alive: () => {
      lastAliveMs.value = Date.now()
    },
    open: () => {
      if (link.value === 'lost') epoch.value += 1
      link.value = 'connected'
      lostSinceMs.value = 0
    },
    lost: (why) => {
      if (link.value !== 'lost') lostSinceMs.value = lastAliveMs.value || Date.now()
      link.value = 'lost'
      lostWhy.value = why
    },
    signedOut: () => signedOutListeners.forEach((listener) => listener()),
  })

  function start(): void {
    if (link.value !== 'idle') return
    link.value = 'connecting'
    stream.start()
  }

  function stop(): void {
    stream.stop()
    stream.lastSeq = 0
    link.value = 'idle'
  }

  /** Hear events whose kind begins with one of these, as long as the caller's scope lives. */
  function hear(kinds: readonly string[], listener: Listener): void {
    const picky: Listener = (event) => {
      if (kinds.some((kind) => event.kind === kind || event.kind.startsWith(`${kind}.`))) listener(event)
    }
    listeners.add(picky)
    onScopeDispose(() => listeners.delete(picky))
  }

  return { link, lastAliveMs, lostSinceMs, lostWhy, epoch, start, stop, hear, onSignedOut: (l: () => void) => signedOutListeners.add(l) }
})
