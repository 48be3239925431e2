import { Stopwatch } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/on-test',
  title: 'on-test.title',
  icon: Stopwatch,
  needs: 'alarms.see',
  key: 'x',
  rank: 8.5,
  page: () => import('./index.vue'),
} satisfies PageRoute
