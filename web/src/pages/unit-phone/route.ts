import type { PageRoute } from '@/shell/pages'

export default { path: '/unit/:id', title: 'unit-phone.title', needs: 'incidents.see', page: () => import('./index.vue') } satisfies PageRoute
