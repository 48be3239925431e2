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
    // A new password or a second factor is due: nothing else opens until it is done.
    if (session.due.length > 0) return to.path === '/settings' ? true : '/settings'
    if (to.meta.outside || to.path === '/') return firstPage()
    return true
  })

  /** Where this person begins: the page made for the role, else the first of the rail: alarms for an operator, the audit for an auditor. */
  function firstPage(): string {
    const mine = RAIL.filter((page) => session.may(page.needs))
    const landing = mine.find((page) => session.person?.roles.some((role) => role === page.landingOf))
    const first = (landing ?? mine.find((page) => !page.landingOf))?.path ?? '/settings'
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
