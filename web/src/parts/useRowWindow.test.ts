import { describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import { useRowWindow } from './useRowWindow'

class NoResize {
  observe(): void {}
  disconnect(): void {}
}
vi.stubGlobal('ResizeObserver', NoResize)

function box(rows: number): HTMLElement {
  const element = document.createElement('div')
  Object.defineProperties(element, { clientHeight: { value: 400 }, scrollHeight: { value: rows * 40 } })
  return element
}

async function shown(rows: number) {
  const ends: number[] = []
  const scope = effectScope()
  const view = scope.run(() => useRowWindow(ref(rows), '[data-row]', () => ends.push(1)))!
  view.scroller.value = box(rows)
  await nextTick()
  return { view, ends, scroller: view.scroller.value, scroll: () => view.scroller.value?.dispatchEvent(new Event('scroll')) }
}

describe('the window on a long table', () => {
  it('draws everything while it is short', async () => {
    const { view } = await shown(100)
    expect([view.from.value, view.until.value, view.above.value, view.below.value]).toEqual([0, 100, 0, 0])
  })

  it('draws what is in sight and a few more, and fills the rest', async () => {
    const { view, scroller, scroll } = await shown(10_000)
    scroller.scrollTop = 4000
    scroll()
    expect([view.from.value, view.until.value]).toEqual([92, 118])
    expect(view.above.value + view.below.value + 26 * 40).toBe(10_000 * 40)
  })

  it('brings a row into sight that is not drawn', async () => {
    const { view, scroller } = await shown(10_000)
    view.show(5000)
    expect(scroller.scrollTop).toBe(5001 * 40 - 400)
    expect(view.from.value).toBeLessThanOrEqual(5000)
    expect(view.until.value).toBeGreaterThan(5000)
  })

  it('says when somebody comes to the end', async () => {
    const { ends, scroller, scroll } = await shown(10_000)
    scroll()
    expect(ends).toEqual([])
    scroller.scrollTop = 10_000 * 40 - 400
    scroll()
    expect(ends.length).toBe(1)
  })
})
