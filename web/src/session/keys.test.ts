import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import { startKeys, useKeys } from './keys'

let done: string[]
let scope: EffectScope
let stop: () => void

function press(key: string, target: EventTarget = document.body): boolean {
  return target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
}

beforeEach(() => {
  done = []
  stop = startKeys()
  scope = effectScope()
  scope.run(() =>
    useKeys('a page', [
      { key: 't', words: '', act: () => done.push('take') },
      { key: 'g t', words: '', act: () => done.push('go') },
      { key: 'Enter', words: '', act: () => false },
    ]),
  )
})

afterEach(() => {
  scope.stop()
  stop()
  document.body.innerHTML = ''
})

describe('the keyboard', () => {
  it('acts upon one key, and upon two in a row', () => {
    press('T')
    press('g')
    press('t')
    expect(done).toEqual(['take', 'go'])
  })

  it('leaves what is typed into a field to the field', () => {
    const field = document.body.appendChild(document.createElement('input'))
    press('t', field)
    expect(done).toEqual([])
  })

  it('gives a key back that the page does not want this time', () => {
    expect(press('Enter')).toBe(true)
    expect(press('t')).toBe(false)
  })

  it('forgets the keys of a page that has gone', () => {
    scope.stop()
    press('t')
    expect(done).toEqual([])
  })
})
