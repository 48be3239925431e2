/** The left region: incidents in hand, alarms that wait. */
import { computed, type Ref } from 'vue'
import * as incidents from '@/api/incidents'
import type { Alarm } from '@/api/alarms'
import type { IncidentBrief } from '@/api/incidents'
import { useAct } from '@/parts/useAct'
import { useOpenAlarms } from '@/session/openAlarms'
import { useAnswer } from '@/session/useAnswer'

export function useDeskQueue(current: Ref<string>, go: (incidentId: string) => void) {
  const open = useOpenAlarms()
  open.start()
  const asked = useAnswer(() => incidents.list('open'), { on: ['incidents'], everySeconds: 60 })
  const taking = useAct()
  const inHand = computed<IncidentBrief[]>(() => asked.value.value?.items ?? [])
  const waiting = computed<Alarm[]>(() => open.waiting)

  function move(by: 1 | -1): void {
    const at = inHand.value.findIndex((incident) => incident.id === current.value)
    const next = inHand.value[at < 0 ? 0 : Math.min(inHand.value.length - 1, Math.max(0, at + by))]
    if (next && next.id !== current.value) go(next.id)
  }

  async function take(alarm: Alarm | undefined): Promise<void> {
    if (!alarm) return
    const incident = await taking.run(() => incidents.take(alarm.id))
    if (incident) go(incident.id)
  }

  return { asked, inHand, waiting, taking, move, take }
}

export type DeskQueueState = ReturnType<typeof useDeskQueue>
