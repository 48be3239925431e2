/** Taking: one alarm, or all that a row stands for. */
import { ref } from 'vue'
import { useRouter } from 'vue-router'
import type { Alarm } from '@/api/alarms'
import * as incidents from '@/api/incidents'
import { useAct } from '@/parts/useAct'
import { useOpenAlarms } from '@/session/openAlarms'
import type { ShownRow } from './queue'

/** as the platform takes them: the alarm and the next hundred behind it */
const AT_ONCE = 101

export function useTaking(canTake: (alarm: Alarm) => boolean) {
  const router = useRouter()
  const open = useOpenAlarms()
  const { busy, problem, run } = useAct()
  /** of all that a row stands for, how many are still to be taken */
  const left = ref(0)

  async function take(row: ShownRow | undefined): Promise<void> {
    const alarm = row?.alarm
    if (!alarm) return
    if (alarm.incident_id) return void router.push(`/incidents/${alarm.incident_id}`)
    if (!canTake(alarm)) return
    const incident = await run(() => incidents.take(alarm.id))
    if (incident) await router.push(`/incidents/${incident.id}`)
    else await open.reload()
  }

  const ofSamePanel = (alarm: Alarm) => (one: Alarm) =>
    one.state === 'raised' && one.source === alarm.source && one.account === alarm.account && one.priority === alarm.priority && one.drill === alarm.drill

  /** A hundred at a time, so that nobody else waits for it; a refusal ends it and is shown. */
  async function takeAll(row: ShownRow): Promise<void> {
    let next: Alarm | undefined = row.alarm
    let into = ''
    for (left.value = row.more + 1; next && left.value > 0; left.value -= AT_ONCE) {
      const { id } = next
      const incident = await run(() => incidents.take(id, true))
      if (!incident) break
      into = incident.id
      await open.reload()
      next = open.list.find(ofSamePanel(row.alarm))
    }
    left.value = 0
    if (into && !problem.value) await router.push(`/incidents/${into}`)
  }

  return { busy, problem, left, take, takeAll }
}
