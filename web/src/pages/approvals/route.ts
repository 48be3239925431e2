import { Finished } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/approvals',
  title: 'approvals.title',
  icon: Finished,
  key: 'y',
  rank: 9.9,
  page: () => import('./index.vue'),
} satisfies PageRoute
