import { Van } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/units',
  title: 'units.title',
  icon: Van,
  needs: 'units.see',
  key: 'u',
  rank: 8,
  page: () => import('./index.vue'),
} satisfies PageRoute
