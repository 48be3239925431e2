import { Film } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/recordings/:id?',
  title: 'recordings.title',
  icon: Film,
  needs: 'playback.see',
  key: 'r',
  rank: 5.5,
  page: () => import('./index.vue'),
} satisfies PageRoute
