import { Share } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/organisations',
  title: 'organisations.title',
  icon: Share,
  needs: 'organisations.see',
  rank: 8.5,
  page: () => import('./index.vue'),
} satisfies PageRoute
