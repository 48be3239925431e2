import type { PageRoute } from '@/shell/pages'

export default { path: '/settings', title: 'settings.title', key: 'o', page: () => import('./index.vue') } satisfies PageRoute
