/**
 * What the call-taker writes down. Kept in memory while another page is looked at, never on the disk: callers are people.
 * Owns: the words, the chosen place, how long it takes, which open alarms it may be about.
 */
import { computed, onScopeDispose, reactive, ref, shallowRef, watch } from 'vue'
import * as calls from '@/api/calls'
import type { CallCategory, CallFields, SimilarAlarm, TakenCall } from '@/api/calls'
import type { Place } from '@/api/places'
import { useAct } from '@/parts/useAct'
import { useFeed } from '@/session/feed'

export interface ChosenPlace {
  kind: 'premises' | 'point' | 'map'
  id: string
  name: string
  position: Place | null
}

const EMPTY = { number: '', name: '', category: '' as CallCategory | '', where: '', text: '', repeats: '', drill: false }
const form = reactive({ ...EMPTY })
const place = shallowRef<ChosenPlace>()
let beganMs = 0

const SETTLE_MS = 250

export function useCallForm() {
  const { busy, problem, run, forget } = useAct()
  const similar = shallowRef<SimilarAlarm[]>([])
  const similarFailed = ref(false)
  const done = shallowRef<TakenCall>()
  const ready = computed(() => form.category !== '' && (place.value !== undefined || form.where.trim() !== ''))
  let timer: ReturnType<typeof setTimeout> | undefined
  let turn = 0

  function fields(): CallFields {
    const chosen = place.value
    return {
      category: form.category || 'trouble',
      text: form.text.trim(),
      caller_number: form.number.trim(),
      caller_name: form.name.trim(),
      address: chosen && chosen.kind !== 'map' ? '' : form.where.trim(),
      premises_id: chosen?.kind === 'premises' ? chosen.id : '',
      point_id: chosen?.kind === 'point' ? chosen.id : '',
      position: chosen?.kind === 'map' ? chosen.position : null,
      repeats_alarm_id: form.repeats,
      drill: form.drill,
      took_seconds: beganMs ? Math.min(86_400, Math.round((performance.now() - beganMs) / 100) / 10) : 0,
    }
  }

  async function compare(): Promise<void> {
    const mine = ++turn
    if (!form.number.trim() && !place.value && form.where.trim().length < 2) {
      similar.value = []
      return
    }
    const answer = await calls.similar(fields())
    if (mine !== turn) return
    similarFailed.value = answer.status === 'refused' && answer.problem.kind !== 'invalid'
    similar.value = answer.status === 'ok' ? answer.value.items : []
    if (!similar.value.some((one) => one.alarm_id === form.repeats)) form.repeats = ''
  }

  function soon(): void {
    clearTimeout(timer)
    timer = setTimeout(() => void compare(), SETTLE_MS)
  }

  watch(() => [form.number, form.where, place.value], soon, { immediate: true })
  watch(form, () => {
    const isTouched = form.number !== '' || form.where !== '' || form.text !== '' || form.category !== ''
    if (isTouched && !beganMs) beganMs = performance.now()
  })
  useFeed().hear(['alarms'], soon)
  onScopeDispose(() => clearTimeout(timer))

  function clear(): void {
    Object.assign(form, EMPTY)
    place.value = undefined
    similar.value = []
    beganMs = 0
    forget()
  }

  async function register(): Promise<boolean> {
    if (!ready.value) return false
    const taken = await run(() => calls.register(fields()))
    if (!taken) return false
    clear()
    done.value = taken
    return true
  }

  /** The alarm of the call that was registered last: triage may have needed a moment. */
  async function alarmOfLast(): Promise<string> {
    if (!done.value) return ''
    if (done.value.alarm_id) return done.value.alarm_id
    const answer = await calls.one(done.value.id)
    if (answer.status === 'ok') done.value = answer.value
    return done.value.alarm_id
  }

  return { form, place, similar, similarFailed, done, ready, busy, problem, register, clear, alarmOfLast }
}
