import { describe, expect, it } from 'vitest'
import { inOrder, standing } from './targets'

const incident = (id: string, state: 'taken' | 'arrived', priority: number, opened_at: string) => ({ id, state, priority, opened_at })

describe('the timers of the dispatch board', () => {
  it('give fire and hold-up 30 and 60 seconds, everything else 90 and 180', () => {
    expect([29, 31, 61].map((seconds) => standing(1, seconds))).toEqual(['within', 'over', 'late'])
    expect([29, 91, 181].map((seconds) => standing(4, seconds))).toEqual(['within', 'over', 'late'])
  })

  it('stand with incidents that wait first, the most urgent and oldest above', () => {
    const on = incident('on-scene', 'arrived', 1, '2026-11-20T12:00:00Z')
    const young = incident('young', 'taken', 4, '2026-11-20T12:02:00Z')
    const old = incident('old', 'taken', 4, '2026-11-20T12:01:00Z')
    const fire = incident('fire', 'taken', 1, '2026-11-20T12:03:00Z')
    expect(inOrder([on, young, old, fire]).map((one) => one.id)).toEqual(['fire', 'old', 'young', 'on-scene'])
  })
})
