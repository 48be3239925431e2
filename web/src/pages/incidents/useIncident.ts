/** The incident on the desk: read, kept fresh by its events, acted upon. Each act answers the new incident. */
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import type { Answer, Problem } from '@/api/answer'
import * as incidents from '@/api/incidents'
import type { Incident } from '@/api/incidents'
import { useFeed } from '@/session/feed'
import { useAnswer } from '@/session/useAnswer'
import { ok } from '@/api/answer'

export function useIncident(id: Ref<string>) {
  const feed = useFeed()
  const refused = shallowRef<Problem>()
  /** which button the refusal belongs to */
  const refusedAt = ref('')
  const busy = ref('')
  const asked = useAnswer<Incident | null>(async () => (id.value ? incidents.one(id.value) : ok(null)), { everySeconds: 30 })
  const incident = computed(() => {
    const value = asked.value.value
    return value && value.id === id.value ? value : undefined
  })

  watch(id, () => {
    refused.value = undefined
    void asked.reload()
  })
  feed.hear(['incidents'], ({ data }) => {
    const mine = incident.value
    if (!mine) return
    const known = typeof data.version === 'number' && data.version <= mine.version && data.version > 0
    const about = data.incident_id === mine.id || mine.alarms.some((alarm) => alarm.id === data.alarm_id)
    if (about && !known) void asked.reload()
  })

  /** A conflict means that somebody else was first: show the newest state beside the refusal. */
  async function act(name: string, question: (id: string) => Promise<Answer<Incident>>): Promise<boolean> {
    if (busy.value || !id.value) return false
    busy.value = name
    refused.value = undefined
    const mine = id.value
    const answer = await question(mine)
    busy.value = ''
    if (answer.status === 'ok') {
      if (id.value === mine) asked.value.value = answer.value
      return true
    }
    refused.value = answer.problem
    refusedAt.value = name
    if (answer.problem.kind === 'conflict') await asked.reload()
    return false
  }

  const refusal = (name: string) => (refusedAt.value === name ? refused.value : undefined)
  const forget = () => (refused.value = undefined)
  return { asked, incident, busy, act, refusal, forget }
}

export type OnDesk = ReturnType<typeof useIncident>
