/** Pages introduce themselves: a folder with a route.ts is a page, and nobody keeps a list. */
import type { Component } from 'vue'

export interface PageRoute {
  path: string
  /** message key */
  title: string
  icon?: Component
  /** the permission without which the page is not offered */
  needs?: string
  page: () => Promise<unknown>
  /** G, then this letter */
  key?: string
  /** place in the rail, from the top; without it the page is not in the rail */
  rank?: number
  /** the role whose people begin here */
  landingOf?: string
  /** shown without the frame, to somebody who is not signed in */
  outside?: boolean
}

const found = import.meta.glob<PageRoute>('../pages/*/route.ts', { eager: true, import: 'default' })

export const PAGES: readonly PageRoute[] = Object.values(found).sort((a, b) => (a.rank ?? 99) - (b.rank ?? 99))
export const RAIL: readonly PageRoute[] = PAGES.filter((page) => page.rank !== undefined)

const first = (path: string) => path.split('/')[1] ?? ''

/** Begin to load the page at this address. Whether it came is the router's business, which asks for it again. */
export function fetchPage(address: string): void {
  const page = PAGES.find((one) => one.path === address) ?? PAGES.find((one) => first(one.path) === first(address))
  page?.page().catch(() => undefined)
}
