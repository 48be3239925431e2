import { computed, ref, watch, type Ref } from 'vue'
import type { Alarm } from '@/api/alarms'
import { QueueOrder, type Queue } from './queue'

/** The queue as shown, the chosen row, and moving through it. */
export function useQueue(alarms: Ref<readonly Alarm[]>) {
  const order = new QueueOrder()
  const queue = ref<Queue>({ held: [], fresh: [], gone: 0 })
  const chosenId = ref('')

  watch(alarms, (now) => (queue.value = order.arrange(now)), { immediate: true })

  const rows = computed<Alarm[]>(() => [...queue.value.held.map((row) => row.alarm), ...queue.value.fresh])
  const chosen = computed(() => rows.value.find((alarm) => alarm.id === chosenId.value))

  function settle(): void {
    order.settle(alarms.value)
    queue.value = order.arrange(alarms.value)
    if (!chosen.value) chosenId.value = rows.value[0]?.id ?? ''
  }

  function move(by: 1 | -1): void {
    const at = rows.value.findIndex((alarm) => alarm.id === chosenId.value)
    const next = at < 0 ? 0 : Math.min(rows.value.length - 1, Math.max(0, at + by))
    chosenId.value = rows.value[next]?.id ?? ''
  }

  return { queue, rows, chosenId, chosen, settle, move }
}
