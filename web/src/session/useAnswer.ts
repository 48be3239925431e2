/**
 * One question to the platform, kept fresh. Owns: loading, the last good value with its moment, the last refusal.
 * A value that could not be refreshed stays, is marked stale, and says as of when it is.
 */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { Answer, Problem } from '@/api/answer'
import { serverNow } from './clock'
import { useFeed } from './feed'
import { paced } from './pace'

export interface Asked<Value> {
  value: ShallowRef<Value | undefined>
  problem: ShallowRef<Problem | undefined>
  loading: Ref<boolean>
  /** the platform's moment of the last good answer, ms */
  asOf: Ref<number>
  stale: Readonly<Ref<boolean>>
  reload: () => Promise<void>
}

export interface Freshness {
  /** event kinds (or their first word) upon which to ask again */
  on?: readonly string[]
  everySeconds?: number
  /** wait so long for more events before asking (in a flood no longer than `pace.LONGEST_WAIT_MS`) */
  settleMs?: number
}

export function useAnswer<Value>(question: () => Promise<Answer<Value>>, fresh: Freshness = {}): Asked<Value> {
  const feed = useFeed()
  const value = shallowRef<Value>()
  const problem = shallowRef<Problem>()
  const loading = ref(false)
  const asOf = ref(0)
  let turn = 0

  async function reload(): Promise<void> {
    const mine = ++turn
    loading.value = true
    const answer = await question()
    if (mine !== turn) return
    loading.value = false
    if (answer.status === 'ok') {
      value.value = answer.value
      problem.value = undefined
      asOf.value = serverNow.value
    } else problem.value = answer.problem
  }

  const { soon, stop } = paced(reload, fresh.settleMs ?? 120)
  if (fresh.on) feed.hear(fresh.on, soon)
  const timer = fresh.everySeconds ? setInterval(() => void reload(), fresh.everySeconds * 1000) : undefined
  watch(() => feed.epoch, soon)
  onScopeDispose(() => {
    turn = -1
    stop()
    clearInterval(timer)
  })
  void reload()
  const stale = computed(() => value.value !== undefined && (problem.value !== undefined || feed.link === 'lost'))
  return { value, problem, loading, asOf, stale, reload }
}
