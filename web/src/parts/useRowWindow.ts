/**
 * Of a long table only the rows that can be seen are drawn: ten thousand alarms are forty rows and two fillers. All rows
 * are of one height. Owns: which rows, and how high the fillers are. Must not know: what a row shows.
 */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

const SPARE = 8
/** below this everything is drawn: the browser's own search finds it */
const ALL_BELOW = 120

export function useRowWindow(count: Ref<number>, row: string, atEnd: () => void) {
  const scroller = shallowRef<HTMLElement | null>(null)
  /** as the browser draws them, found by the selector `row` */
  const rowPx = ref(40)
  const top = ref(0)
  const height = ref(800)
  let watcher: ResizeObserver | undefined

  function look(): void {
    const box = scroller.value
    if (!box) return
    rowPx.value = box.querySelector(row)?.getBoundingClientRect().height || rowPx.value
    top.value = box.scrollTop
    height.value = box.clientHeight
    if (box.scrollTop + box.clientHeight > box.scrollHeight - 10 * rowPx.value) atEnd()
  }

  watch(scroller, (box, before) => {
    before?.removeEventListener('scroll', look)
    watcher?.disconnect()
    if (!box) return
    box.addEventListener('scroll', look, { passive: true })
    watcher = new ResizeObserver(look)
    watcher.observe(box)
  })
  onScopeDispose(() => (scroller.value = null))

  const from = computed(() => (count.value < ALL_BELOW ? 0 : Math.max(0, Math.floor(top.value / rowPx.value) - SPARE)))
  const until = computed(() => {
    if (count.value < ALL_BELOW) return count.value
    return Math.min(count.value, Math.ceil((top.value + height.value) / rowPx.value) + SPARE)
  })
  const above = computed(() => from.value * rowPx.value)
  const below = computed(() => (count.value - until.value) * rowPx.value)

  /** Bring a row into sight, drawn or not. `headPx`: what stands fixed above the rows. */
  function show(index: number, headPx = 0): void {
    const box = scroller.value
    if (!box || index < 0) return
    const [start, end] = [index * rowPx.value, (index + 1) * rowPx.value + headPx]
    if (start < box.scrollTop) box.scrollTop = start
    else if (end > box.scrollTop + box.clientHeight) box.scrollTop = end - box.clientHeight
    look()
  }

  return { scroller, from, until, above, below, show }
}
