import { MapLocation } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/map',
  title: 'map.title',
  icon: MapLocation,
  needs: 'points.see',
  key: 'm',
  rank: 4,
  page: () => import('./index.vue'),
} satisfies PageRoute
