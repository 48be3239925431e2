import type { PageRoute } from '@/shell/pages'

export default { path: '/sign-in', title: 'sign-in.title', outside: true, page: () => import('./index.vue') } satisfies PageRoute
