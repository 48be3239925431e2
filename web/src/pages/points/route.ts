import { VideoCamera } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/points',
  title: 'points.title',
  icon: VideoCamera,
  needs: 'points.see',
  key: 'p',
  rank: 5,
  page: () => import('./index.vue'),
} satisfies PageRoute
