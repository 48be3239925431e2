import { BellFilled } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/alarms',
  title: 'alarms.title',
  icon: BellFilled,
  needs: 'alarms.see',
  key: 'a',
  rank: 1,
  page: () => import('./index.vue'),
} satisfies PageRoute
