import { Promotion } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/webhooks',
  title: 'webhooks.title',
  icon: Promotion,
  needs: 'system.edit',
  key: 'k',
  rank: 10.6,
  page: () => import('./index.vue'),
} satisfies PageRoute
