import { Monitor } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/system',
  title: 'system.title',
  icon: Monitor,
  needs: 'system.see',
  key: 's',
  rank: 11,
  page: () => import('./index.vue'),
} satisfies PageRoute
