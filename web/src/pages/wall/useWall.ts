/** The wall: how many tiles, what is in each, which one is chosen. Kept on this machine. */
import { computed, ref } from 'vue'
import * as points from '@/api/points'
import type { Problem } from '@/api/answer'
import { kept } from '@/session/preferences'

export const LAYOUTS = [1, 4, 9, 16] as const
export interface Placed {
  id: string
  number: number
  name: string
}

export function useWall() {
  const count = kept<number>('wall.count', 4)
  const tiles = kept<(Placed | null)[]>('wall.tiles', Array.from({ length: 16 }, () => null))
  const chosen = ref(0)
  const refused = ref<Problem>()
  const unknown = ref<number | null>(null)
  const shown = computed(() => Array.from({ length: count.value }, (_, index) => tiles.value[index] ?? null))
  const side = computed(() => Math.sqrt(count.value))

  function choose(index: number): void {
    chosen.value = Math.min(count.value - 1, Math.max(0, index))
  }

  function arrange(to: number): void {
    count.value = to
    choose(chosen.value)
  }

  /** Into the chosen tile; the next one is chosen, so that several numbers can be typed in a row. */
  function place(point: Placed): void {
    const already = shown.value.findIndex((one) => one?.id === point.id)
    if (already >= 0) return choose(already)
    tiles.value = Array.from({ length: 16 }, (_, index) => (index === chosen.value ? { id: point.id, number: point.number, name: point.name } : (tiles.value[index] ?? null)))
    const empty = shown.value.findIndex((one) => one === null)
    if (empty >= 0) choose(empty)
  }

  function clear(index: number): void {
    tiles.value = tiles.value.map((one, at) => (at === index ? null : one))
  }

  async function openNumber(number: number): Promise<void> {
    const answer = await points.list('', number - 1, 1)
    refused.value = answer.status === 'refused' ? answer.problem : undefined
    const found = answer.status === 'ok' ? answer.value.items[0] : undefined
    unknown.value = answer.status === 'ok' && found?.number !== number ? number : null
    if (found?.number === number) place(found)
  }

  async function openId(id: string): Promise<void> {
    const answer = await points.one(id)
    refused.value = answer.status === 'refused' ? answer.problem : undefined
    if (answer.status === 'ok') place(answer.value)
  }

  return { count, shown, side, chosen, refused, unknown, choose, arrange, place, clear, openNumber, openId }
}
