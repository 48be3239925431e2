import { Promotion } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/dispatch',
  title: 'dispatch.title',
  icon: Promotion,
  needs: 'incidents.see',
  key: 'f',
  rank: 2.5,
  page: () => import('./index.vue'),
} satisfies PageRoute
