import type { PageRoute } from '@/shell/pages'

export default { path: '/setup', title: 'setup.title', outside: true, page: () => import('./index.vue') } satisfies PageRoute
