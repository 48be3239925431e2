/** All alarms, newest first, a page at a time; asked only while somebody looks at them. */
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import * as alarms from '@/api/alarms'
import type { Alarm } from '@/api/alarms'
import { useAnswer } from '@/session/useAnswer'

const PAGE = 100

export function useAllAlarms(filter: Ref<'open' | 'all'>) {
  const older = shallowRef<Alarm[]>([])
  const cursor = ref<string | number | null>(null)
  const asked = useAnswer(
    async () => {
      if (filter.value !== 'all') return { status: 'ok' as const, value: { items: [], next: null } }
      const answer = await alarms.list('all', null, PAGE)
      if (answer.status === 'ok' && older.value.length === 0) cursor.value = answer.value.next
      return answer
    },
    { on: ['alarms'] },
  )
  watch(filter, () => {
    older.value = []
    void asked.reload()
  })

  async function more(): Promise<void> {
    const answer = await alarms.list('all', cursor.value, PAGE)
    if (answer.status !== 'ok') return void (asked.problem.value = answer.problem)
    older.value = [...older.value, ...answer.value.items]
    cursor.value = answer.value.next
  }

  const items = computed(() => {
    const newest = asked.value.value?.items ?? []
    const known = new Set(newest.map((alarm) => alarm.id))
    return [...newest, ...older.value.filter((alarm) => !known.has(alarm.id))]
  })
  return { asked, items, hasMore: computed(() => cursor.value !== null), more }
}
