/**
 * Whether the platform serves a newer console than the one that runs here. Owns: looking, when the connection comes back
 * and now and then. Nothing is ever reloaded by itself: a hand may hold something.
 */
import { defineStore } from 'pinia'
import { ref, watch } from 'vue'
import { servedPage } from '@/api/ask'
import { useFeed } from './feed'

const EVERY_MS = 10 * 60_000
const ENTRY = /<script type="module"[^>]*\ssrc="([^"]+)"/

export const entryOf = (page: string): string | undefined => ENTRY.exec(page)?.[1]

export const useNewBuild = defineStore('new-build', () => {
  const own = entryOf(document.head.innerHTML)
  const isNewer = ref(false)
  /** a page or a part of it could not be fetched: its file went with the old build, or the server is away */
  const isMissing = ref(false)

  async function look(): Promise<void> {
    if (!own || isNewer.value) return
    const entry = entryOf((await servedPage()) ?? '')
    isNewer.value = entry !== undefined && entry !== own
  }

  function missed(): void {
    isMissing.value = true
    void look()
  }

  function start(): () => void {
    const feed = useFeed()
    const unwatch = watch(() => feed.epoch, () => void look())
    const timer = setInterval(() => void look(), EVERY_MS)
    window.addEventListener('vite:preloadError', missed)
    return () => {
      unwatch()
      clearInterval(timer)
      window.removeEventListener('vite:preloadError', missed)
    }
  }

  return { isNewer, isMissing, look, missed, start, arrived: () => (isMissing.value = false) }
})
