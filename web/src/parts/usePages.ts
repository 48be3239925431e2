/** A long list, a page at a time: the first page is kept fresh, "more" adds the next ones. */
import { computed, ref, shallowRef, watch, type WatchSource } from 'vue'
import type { Answer, Page } from '@/api/answer'
import { useAnswer, type Freshness } from '@/session/useAnswer'

type Cursor = string | number | null

export function usePages<Item>(question: (cursor: Cursor) => Promise<Answer<Page<Item>>>, fresh: Freshness, anew: WatchSource[] = []) {
  const further = shallowRef<Item[]>([])
  const cursor = ref<Cursor>(null)
  const asked = useAnswer(async () => {
    const answer = await question(null)
    // A fresh first page makes the pages behind it stand elsewhere: they are asked for again when wanted.
    if (answer.status === 'ok') {
      further.value = []
      cursor.value = answer.value.next
    }
    return answer
  }, fresh)
  watch(anew, () => void asked.reload())

  async function more(): Promise<void> {
    const answer = await question(cursor.value)
    if (answer.status === 'refused') return void (asked.problem.value = answer.problem)
    further.value = [...further.value, ...answer.value.items]
    cursor.value = answer.value.next
  }

  const items = computed<Item[]>(() => [...(asked.value.value?.items ?? []), ...further.value])
  return { asked, items, more, hasMore: computed(() => cursor.value !== null && cursor.value !== undefined && cursor.value !== '') }
}
