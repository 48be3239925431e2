/** What needs a person, gathered from every register that the person may see. Nothing is asked that is not shown. */
import { computed } from 'vue'
import * as alarms from '@/api/alarms'
import { ok } from '@/api/answer'
import * as devices from '@/api/devices'
import * as duty from '@/api/duty'
import * as incidents from '@/api/incidents'
import * as system from '@/api/system'
import { useOpenAlarms } from '@/session/openAlarms'
import { useSession } from '@/session/session'
import { useAnswer } from '@/session/useAnswer'

const nothing = ok({ items: [], next: null })

export function usePulse() {
  const session = useSession()
  const open = useOpenAlarms()
  open.start()
  const inHand = useAnswer(() => incidents.list('open'), { on: ['incidents'], everySeconds: 30 })
  const units = useAnswer(async () => (session.may('units.see') ? duty.units() : nothing), { on: ['duty'], everySeconds: 60 })
  const sources = useAnswer(async () => (session.may('alarms.see') ? alarms.sources() : ok([])), { everySeconds: 15 })
  const registered = useAnswer(async () => (session.may('devices.see') ? devices.list() : nothing), { on: ['devices'], settleMs: 800, everySeconds: 60 })
  const status = useAnswer(async () => (session.may('system.see') ? system.status() : ok(undefined)), { on: ['system'], everySeconds: 30 })

  const levels = computed(() =>
    Object.entries(open.counts.waiting_by_priority).map(([key, count]) => {
      const priority = Number(key)
      // Rows come by priority and then oldest first: in a flood the oldest of a low priority may not be among them.
      const oldest = open.waiting.find((alarm) => alarm.priority === priority)?.raised_at ?? ''
      return { priority, count, oldest }
    }),
  )
  const mine = computed(() => [...(inHand.value.value?.items ?? [])].sort((a, b) => a.priority - b.priority || a.opened_at.localeCompare(b.opened_at)))
  const unitStates = computed(() =>
    (['free', 'dispatched', 'busy', 'off'] as const).map((state) => ({ state, units: (units.value.value?.items ?? []).filter((unit) => unit.state === state) })),
  )
  const silent = computed(() => (sources.value.value ?? []).filter((source) => source.state === 'late' || source.state === 'lost'))
  const accepted = computed(() => (registered.value.value?.items ?? []).filter((device) => device.enrolment === 'accepted'))
  const offline = computed(() => accepted.value.filter((device) => device.presence === 'offline'))
  const pending = computed(() => (registered.value.value?.items ?? []).filter((device) => device.enrolment === 'pending'))
  const unwell = computed(() => status.value.value?.parts.filter((part) => part.state !== 'good') ?? [])
  const calm = computed(() => silent.value.length + offline.value.length + pending.value.length + unwell.value.length === 0)
  return { asked: inHand, levels, mine, unitStates, sources, silent, accepted, offline, pending, unwell, calm }
}
