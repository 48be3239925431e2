import { OfficeBuilding } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/premises',
  title: 'premises.title',
  icon: OfficeBuilding,
  needs: 'premises.see',
  key: 'h',
  rank: 7,
  page: () => import('./index.vue'),
} satisfies PageRoute
