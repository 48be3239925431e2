import { Cpu } from '@element-plus/icons-vue'
import type { PageRoute } from '@/shell/pages'

export default {
  path: '/devices',
  title: 'devices.title',
  icon: Cpu,
  needs: 'devices.see',
  key: 'd',
  rank: 6,
  page: () => import('./index.vue'),
} satisfies PageRoute
