import { List } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/signals',
  title: 'signals.title',
  icon: List,
  needs: 'alarms.see',
  key: 'l',
  rank: 8.6,
  page: () => import('./index.vue'),
} satisfies PageRoute
