import type { PageRoute } from '@/shell/pages'

export default {
  path: '/points/import',
  title: 'points-import.title',
  needs: 'points.edit',
  page: () => import('./index.vue'),
} satisfies PageRoute
