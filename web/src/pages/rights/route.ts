import { Key } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/rights/:view?',
  title: 'rights.title',
  icon: Key,
  needs: 'grants.see',
  key: 'q',
  rank: 10.2,
  page: () => import('./index.vue'),
} satisfies PageRoute
