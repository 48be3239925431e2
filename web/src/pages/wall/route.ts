import { Grid } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/wall',
  title: 'wall.title',
  icon: Grid,
  needs: 'live.see',
  key: 'w',
  rank: 3,
  page: () => import('./index.vue'),
} satisfies PageRoute
