/**
 * The open alarms, known on every page: the counts in the top bar, the sound, what is said to a screen reader.
 *
 * In a flood this console holds the most urgent rows only, and grows when somebody scrolls to their end; the counts are
 * those of the platform, of all that is open.
 */
import { defineStore } from 'pinia'
import { computed, effectScope, ref, shallowRef, type EffectScope } from 'vue'
import * as alarms from '@/api/alarms'
import type { Alarm, Queue, QueueRow } from '@/api/alarms'
import { useAnswer, type Asked } from './useAnswer'

/** Fire, hold-up, medical: somebody's life. These sound until they are taken. */
export const LIFE_SAFETY_PRIORITY = 3
const ROWS_AT_FIRST = 200
export const MOST_ROWS = 2000

export const waitsForSomebody = (alarm: Alarm) => alarm.state === 'raised'

export const useOpenAlarms = defineStore('open-alarms', () => {
  const asked = shallowRef<Asked<Queue>>()
  const wanted = ref(ROWS_AT_FIRST)
  let scope: EffectScope | undefined

  function start(): void {
    if (scope) return
    scope = effectScope(true)
    scope.run(() => {
      asked.value = useAnswer(() => alarms.queue(wanted.value), { on: ['alarms', 'incidents.opened'], everySeconds: 60 })
    })
  }

  /** Nobody sits here any more. */
  function stop(): void {
    scope?.stop()
    scope = undefined
    asked.value = undefined
    wanted.value = ROWS_AT_FIRST
  }

  const queue = computed(() => asked.value?.value.value)
  const rows = computed<QueueRow[]>(() => queue.value?.items ?? [])
  const list = computed<Alarm[]>(() => rows.value.map((row) => row.alarm))
  const counts = computed(() => queue.value?.counts ?? { waiting: 0, waiting_by_priority: {}, taken: 0, shelved: 0 })
  /** there are more rows than this console holds */
  const hasMore = computed(() => (queue.value?.next ?? null) !== null)
  const loaded = computed(() => queue.value !== undefined)
  const problem = computed(() => asked.value?.problem.value)
  const asOf = computed(() => asked.value?.asOf.value ?? 0)
  const stale = computed(() => asked.value?.stale.value ?? false)
  /** those that wait for somebody, as far as they are rows here */
  const waiting = computed(() => list.value.filter(waitsForSomebody))
  const waitingCount = computed(() => counts.value.waiting)
  const sounding = computed(() => waiting.value.filter((alarm) => alarm.priority <= LIFE_SAFETY_PRIORITY))
  const reload = () => asked.value?.reload()

  /** Somebody has come to the end of what is here. */
  function more(): void {
    const isAsked = rows.value.length < wanted.value
    if (!hasMore.value || isAsked || wanted.value >= MOST_ROWS) return
    wanted.value = Math.min(MOST_ROWS, wanted.value * 2)
    void reload()
  }

  return { start, stop, asked, rows, hasMore, list, counts, waitingCount, loaded, problem, asOf, stale, waiting, sounding, reload, more }
})
