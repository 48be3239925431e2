import { Connection } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/webhooks',
  title: 'webhooks.title',
  icon: Connection,
  needs: 'webhooks.edit',
  key: 'k',
  rank: 10.6,
  page: () => import('./index.vue'),
} satisfies PageRoute
