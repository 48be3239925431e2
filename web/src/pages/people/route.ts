import { User } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/people',
  title: 'people.title',
  icon: User,
  needs: 'people.see',
  key: 'e',
  rank: 10,
  page: () => import('./index.vue'),
} satisfies PageRoute
