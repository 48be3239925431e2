import { DataBoard } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/board',
  title: 'board.title',
  icon: DataBoard,
  needs: 'incidents.see',
  key: 'b',
  rank: 0.5,
  landingOf: 'chief',
  page: () => import('./index.vue'),
} satisfies PageRoute
