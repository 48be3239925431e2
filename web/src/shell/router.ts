import { watch } from 'vue'
import { createRouter, createWebHistory, type Router } from 'vue-router'
import { useSession } from '@/session/session'
import { PAGES, RAIL } from './pages'

declare module 'vue-router' {
  interface RouteMeta {
    title?: string
    needs?: string
    outside?: boolean
  }
}

export function makeRouter(): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      ...PAGES.map((page) => ({
        path: page.path,
        component: page.page as () => Promise<never>,
        meta: { title: page.title, needs: page.needs ?? '', outside: page.outside ?? false },
      })),
      { path: '/', component: { render: () => null } },
      { path: '/:anything(.*)*', redirect: '/' },
    ],
  })
  const session = useSession()

  router.beforeEach((to) => {
    if (!session.signedIn) {
      if (session.setupNeeded && to.path !== '/setup') return '/setup'
      if (!session.setupNeeded && to.path === '/setup') return '/sign-in'
      if (to.meta.outside) return true
      return { path: '/sign-in', query: to.path === '/' ? {} : { then: to.fullPath } }
    }
    if (to.meta.outside || to.path === '/') return firstPage()
    return true
  })

  /** The first page of the rail that this person may use: alarms for an operator, the audit for an auditor. */
  function firstPage(): string {
    const first = RAIL.find((page) => session.may(page.needs))?.path ?? '/system'
    return first.replace(/\/:.*$/, '')
  }

  watch(
    () => session.signedIn,
    (signedIn) => {
      const here = router.currentRoute.value
      if (!signedIn && !here.meta.outside) {
        void router.push({ path: '/sign-in', query: session.ended ? { then: here.fullPath } : {} })
      }
    },
  )
  return router
}
