import { Switch } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/hand-over',
  title: 'hand-over.title',
  icon: Switch,
  needs: 'incidents.see',
  key: 'v',
  rank: 8.3,
  page: () => import('./index.vue'),
} satisfies PageRoute
