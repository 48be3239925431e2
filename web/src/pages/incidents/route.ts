import { Flag } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/incidents/:id?',
  title: 'incidents.title',
  icon: Flag,
  needs: 'incidents.see',
  key: 'i',
  rank: 2,
  page: () => import('./index.vue'),
} satisfies PageRoute
