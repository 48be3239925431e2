import { Phone } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/calls',
  title: 'calls.title',
  icon: Phone,
  needs: 'alarms.handle',
  key: 'c',
  rank: 1.5,
  page: () => import('./index.vue'),
} satisfies PageRoute
