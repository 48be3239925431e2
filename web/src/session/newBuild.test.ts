import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { entryOf, useNewBuild } from './newBuild'

const page = (hash: string) => `<head><script type="module" crossorigin src="/assets/index-${hash}.js"></script></head>`

function served(hash: string): void {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(page(hash))))
}

beforeEach(() => {
  document.head.innerHTML = page('one')
  setActivePinia(createPinia())
})
afterEach(() => vi.unstubAllGlobals())

describe('a console left open over an upgrade', () => {
  it('reads the entry of a page', () => {
    expect(entryOf(page('abc'))).toBe('/assets/index-abc.js')
    expect(entryOf('<p>maintenance</p>')).toBeUndefined()
  })

  it('knows that another build is served', async () => {
    const build = useNewBuild()
    served('one')
    await build.look()
    expect(build.isNewer).toBe(false)
    served('two')
    await build.look()
    expect(build.isNewer).toBe(true)
  })

  it('does not take a server that is away, or that answers something else, for a new build', async () => {
    const build = useNewBuild()
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('network')))
    await build.look()
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('busy', { status: 503 })))
    await build.look()
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('<p>not built</p>')))
    await build.look()
    expect(build.isNewer).toBe(false)
  })

  it('looks at once when a file of the old build is gone', async () => {
    const build = useNewBuild()
    served('two')
    build.missed()
    await vi.waitFor(() => expect(build.isNewer).toBe(true))
    expect(build.isMissing).toBe(true)
  })
})
