/** The open alarms, known on every page: the count in the top bar, the sound, what is said to a screen reader. */
import { defineStore } from 'pinia'
import { computed, effectScope, ref, shallowRef, type EffectScope } from 'vue'
import * as alarms from '@/api/alarms'
import type { Alarm } from '@/api/alarms'
import { useAnswer, type Asked } from './useAnswer'

/** Fire, hold-up, medical: somebody's life. These sound until they are taken. */
export const LIFE_SAFETY_PRIORITY = 3

export const waitsForSomebody = (alarm: Alarm) => alarm.state === 'raised'

export const useOpenAlarms = defineStore('open-alarms', () => {
  const asked = shallowRef<Asked<Alarm[]>>()
  /** in a flood only the most urgent ones are read: there are more */
  const hasMore = ref(false)
  let scope: EffectScope | undefined

  async function question() {
    const answer = await alarms.list('open')
    if (answer.status === 'ok') hasMore.value = answer.value.next !== null
    return answer.status === 'ok' ? { status: 'ok' as const, value: answer.value.items } : answer
  }

  function start(): void {
    if (scope) return
    scope = effectScope(true)
    scope.run(() => {
      asked.value = useAnswer(question, { on: ['alarms', 'incidents.opened'], everySeconds: 60 })
    })
  }

  /** Nobody sits here any more. */
  function stop(): void {
    scope?.stop()
    scope = undefined
    asked.value = undefined
  }

  const list = computed<Alarm[]>(() => asked.value?.value.value ?? [])
  const loaded = computed(() => asked.value?.value.value !== undefined)
  const problem = computed(() => asked.value?.problem.value)
  const asOf = computed(() => asked.value?.asOf.value ?? 0)
  const stale = computed(() => asked.value?.stale.value ?? false)
  const waiting = computed(() => list.value.filter(waitsForSomebody))
  const sounding = computed(() => waiting.value.filter((alarm) => alarm.priority <= LIFE_SAFETY_PRIORITY))
  const reload = () => asked.value?.reload()

  return { start, stop, asked, hasMore, list, loaded, problem, asOf, stale, waiting, sounding, reload }
})
