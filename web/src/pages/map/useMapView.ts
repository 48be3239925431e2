/** What the map page looks at: frame, zoom, filters, the area that was drawn; the answer to it and its twin as a list. */
import { computed, reactive, ref, shallowRef, watch } from 'vue'
import * as points from '@/api/points'
import type { Bounds, Corner, MapFilters } from '@/api/points'
import { usePages } from '@/parts/usePages'
import { useAnswer } from '@/session/useAnswer'

const EVERYWHERE: Bounds = [-180, -90, 180, 90]
export const MOST_ON_WALL = 16
const FRESH = { on: ['points', 'devices'], settleMs: 1000 }

export function useMapView() {
  const bounds = shallowRef<Bounds>(EVERYWHERE)
  const zoom = ref(3)
  const filters = reactive<MapFilters>({ presence: [], point_class: [] })
  const corners = shallowRef<Corner[]>([])
  const asked = useAnswer(() => points.frame(bounds.value, zoom.value, filters), FRESH)
  const listed = computed<Bounds>(() => (corners.value.length > 0 ? around(corners.value) : bounds.value))
  const area = shallowRef({ total: 0, unwell: 0 })
  const list = usePages(async (cursor) => {
    const answer = await points.inArea(listed.value, corners.value, filters, cursor)
    if (answer.status === 'ok') area.value = answer.value
    return answer
  }, FRESH, [listed, corners, () => ({ ...filters })])
  watch(() => ({ ...filters }), () => void asked.reload())

  function moved(to: Bounds, at: number): void {
    bounds.value = to
    zoom.value = at
    void asked.reload()
  }

  const shown = computed(() => asked.value.value)
  return { asked, shown, filters, corners, area, list, moved, forWall: computed(() => list.items.value.slice(0, MOST_ON_WALL)) }
}

function around(corners: readonly Corner[]): Bounds {
  const [longitudes, latitudes] = [corners.map(([longitude]) => longitude), corners.map(([, latitude]) => latitude)]
  return [Math.min(...longitudes), Math.min(...latitudes), Math.max(...longitudes), Math.max(...latitudes)]
}
