import { Tickets } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/audit',
  title: 'audit.title',
  icon: Tickets,
  needs: 'audit.see',
  key: 't',
  rank: 9,
  page: () => import('./index.vue'),
} satisfies PageRoute
