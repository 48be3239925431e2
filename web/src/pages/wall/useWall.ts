/**
 * The wall: how many panes, what is in each, which one is chosen, whose turn it is. What stands there is kept on this
 * machine; named layouts are kept by the platform. A picture never moves by itself.
 */
import { computed, onScopeDispose, ref, watch } from 'vue'
import * as points from '@/api/points'
import type { Problem } from '@/api/answer'
import type { WallLayout } from '@/api/live'
import { kept } from '@/session/preferences'
import { PANES, neighbour, panesFor, panesOf, type Direction, type PaneCount } from './wallGrid'

export const MOST_PANES = 16
export interface Placed {
  id: string
  number: number
  name: string
}
type Tiles = (Placed | null)[]

const padded = (tiles: Tiles, length: number): Tiles => Array.from({ length }, (_, index) => tiles[index] ?? null)
const only = ({ id, number, name }: Placed): Placed => ({ id, number, name })

export function useWall() {
  const count = kept<PaneCount>('wall.count', 4)
  if (!PANES.includes(count.value)) count.value = 4
  /** more than there are panes take turns */
  const tiles = kept<Tiles>('wall.tiles', padded([], MOST_PANES))
  const turnSeconds = kept<number>('wall.turn', 0)
  const turn = ref(0)
  const held = ref(false)
  const chosen = ref(0)
  const moving = ref<number | null>(null)
  const alone = ref(false)
  const refused = ref<Problem>()
  const unknown = ref<string | null>(null)
  const more = ref(0)
  const panes = computed(() => panesOf(count.value))
  const turns = computed(() => (turnSeconds.value > 0 ? Math.max(1, Math.ceil(tiles.value.length / count.value)) : 1))
  const first = computed(() => (turn.value % turns.value) * count.value)
  const shown = computed(() => Array.from({ length: count.value }, (_, index) => tiles.value[first.value + index] ?? null))

  const timer = ref<ReturnType<typeof setInterval>>()
  watch([turnSeconds, turns], () => {
    clearInterval(timer.value)
    if (turns.value > 1) timer.value = setInterval(() => !held.value && !alone.value && (turn.value += 1), turnSeconds.value * 1000)
  }, { immediate: true })
  onScopeDispose(() => clearInterval(timer.value))

  function choose(index: number): void {
    chosen.value = Math.min(count.value - 1, Math.max(0, index))
  }

  function arrange(to: PaneCount): void {
    count.value = to
    alone.value = false
    turn.value = 0
    choose(chosen.value)
  }

  function put(index: number, point: Placed | null): void {
    const next = padded(tiles.value, Math.max(tiles.value.length, MOST_PANES))
    next[first.value + index] = point
    tiles.value = next
  }

  /** Into the chosen pane; the next empty one is chosen, so that several numbers can be typed in a row. */
  function place(point: Placed): void {
    unknown.value = null
    const already = shown.value.findIndex((one) => one?.id === point.id)
    if (already >= 0) return choose(already)
    put(chosen.value, only(point))
    const empty = shown.value.findIndex((one) => one === null)
    if (empty >= 0) choose(empty)
  }

  /** By mouse: onto this pane. A point that hangs elsewhere changes places with what is here. */
  function drop(index: number, point: Placed): void {
    unknown.value = null
    const already = shown.value.findIndex((one) => one?.id === point.id)
    if (already >= 0) swap(already, index)
    else put(index, only(point))
    choose(index)
  }

  function swap(from: number, to: number): void {
    const [a, b] = [shown.value[from] ?? null, shown.value[to] ?? null]
    put(from, b)
    put(to, a)
  }

  /** By keyboard: once to pick up, once more to put down. */
  function carry(): void {
    if (moving.value === null) moving.value = chosen.value
    else {
      swap(moving.value, chosen.value)
      moving.value = null
    }
  }

  /** "105" into the chosen pane, "3.105" into the third; "3." only chooses it. */
  async function open(typed: string): Promise<void> {
    const [left = '', right] = typed.split('.')
    if (right !== undefined) {
      if (Number(left) < 1 || Number(left) > count.value) return void (unknown.value = typed)
      choose(Number(left) - 1)
    }
    const number = Number(right ?? left)
    if (number > 0) await openNumber(number)
  }

  async function openNumber(number: number): Promise<void> {
    const answer = await points.list('', number - 1, 1)
    refused.value = answer.status === 'refused' ? answer.problem : undefined
    const found = answer.status === 'ok' ? answer.value.items[0] : undefined
    unknown.value = answer.status === 'ok' && found?.number !== number ? String(number) : null
    if (found?.number === number) place(found)
  }

  /** From elsewhere: one into the chosen pane, several onto a wall of their own. What finds no place is told. */
  async function openIds(ids: readonly string[]): Promise<void> {
    const answers = await Promise.all(ids.slice(0, MOST_PANES).map((id) => points.one(id)))
    const found = answers.flatMap((answer) => (answer.status === 'ok' ? [answer.value] : []))
    const missing = answers.find((answer) => answer.status === 'refused')
    refused.value = missing?.status === 'refused' ? missing.problem : undefined
    more.value = Math.max(0, ids.length - MOST_PANES)
    const [single] = found
    if (ids.length === 1) return single && place(single)
    turnSeconds.value = 0
    tiles.value = padded(found.map(only), MOST_PANES)
    arrange(panesFor(found.length))
    choose(0)
  }

  function show(layout: WallLayout): void {
    turnSeconds.value = layout.turn_seconds
    tiles.value = padded(layout.points, Math.max(layout.points.length, MOST_PANES))
    if (layout.turn_seconds > 0) tiles.value = layout.points
    arrange(PANES.find((one) => one === layout.panes) ?? 4)
  }

  return {
    count, panes, shown, chosen, moving, alone, held, turn, turns, turnSeconds, tiles, refused, unknown, more,
    choose, arrange, place, drop, swap, carry, open, openIds, show,
    go: (direction: Direction) => choose(neighbour(panes.value, chosen.value, direction)),
    clear: (index: number) => put(index, null),
  }
}
