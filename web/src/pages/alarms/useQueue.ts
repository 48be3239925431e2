import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import type { QueueRow } from '@/api/alarms'
import { QueueOrder, type ShownQueue, type ShownRow } from './queue'

/** The queue as shown, the chosen row, and moving through it. */
export function useQueue(rows: Ref<readonly QueueRow[]>, hasMore: Ref<boolean>) {
  const order = new QueueOrder()
  const queue = shallowRef<ShownQueue>({ held: [], fresh: [], gone: 0 })
  const chosenId = ref('')

  watch(rows, (now) => (queue.value = order.arrange(now, hasMore.value)), { immediate: true })

  const shown = computed<ShownRow[]>(() => [...queue.value.held, ...queue.value.fresh])
  const chosenAt = computed(() => shown.value.findIndex((row) => row.alarm.id === chosenId.value))
  const chosen = computed(() => shown.value[chosenAt.value])

  function settle(): void {
    order.settle(rows.value)
    queue.value = order.arrange(rows.value, hasMore.value)
    if (!chosen.value) chosenId.value = shown.value[0]?.alarm.id ?? ''
  }

  function move(by: 1 | -1): void {
    const next = chosenAt.value < 0 ? 0 : Math.min(shown.value.length - 1, Math.max(0, chosenAt.value + by))
    chosenId.value = shown.value[next]?.alarm.id ?? ''
  }

  return { queue, shown, chosenId, chosenAt, chosen, settle, move }
}
