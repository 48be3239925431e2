import { describe, expect, it } from 'vitest'
import { siteMs, siteText } from './siteTime'
import { marks, within, zoomed } from './timeLine'

const WHOLE = { fromMs: 0, untilMs: 3_600_000 }

describe('the time line', () => {
  it('keeps what is under the pointer where it is while it zooms', () => {
    const view = zoomed(WHOLE, WHOLE, 0.5, 0.25)
    expect(view).toEqual({ fromMs: 450_000, untilMs: 2_250_000 })
    expect(view.fromMs + 0.25 * (view.untilMs - view.fromMs)).toBe(900_000)
  })

  it('goes down to two seconds and never beyond its span', () => {
    expect(zoomed({ fromMs: 0, untilMs: 3000 }, WHOLE, 0.01, 0)).toEqual({ fromMs: 0, untilMs: 2000 })
    expect(zoomed(WHOLE, WHOLE, 4, 0.5)).toEqual(WHOLE)
    expect(within({ fromMs: -500, untilMs: 500 }, WHOLE)).toEqual({ fromMs: 0, untilMs: 1000 })
  })

  it('marks whole steps of the site\'s clock, and few of them', () => {
    expect(marks(WHOLE, 0)).toEqual([0, 600_000, 1_200_000, 1_800_000, 2_400_000, 3_000_000, 3_600_000])
    expect(marks({ fromMs: 0, untilMs: 86_400_000 }, 0).length).toBeLessThanOrEqual(9)
  })

  it('reads what is typed on the site\'s clock', () => {
    const text = '2026-11-20 08:05:00'
    expect(siteText(siteMs(text))).toBe(text)
    expect(siteMs(text)).toBe(Date.parse('2026-11-20T00:05:00Z'))
    expect(siteMs('2026-11-20 08:05')).toBe(siteMs(text))
    expect(siteMs('tomorrow')).toBeNaN()
  })
})
