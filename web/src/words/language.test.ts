import { beforeEach, describe, expect, it } from 'vitest'
import { keptLanguage, speak } from '.'

describe('the language of a console', () => {
  beforeEach(() => localStorage.clear())

  it('is at first the one that the browser asks for, if we speak it, else Chinese', () => {
    expect(keptLanguage(['en-GB', 'zh-CN'])).toBe('en')
    expect(keptLanguage(['zh-Hant-TW', 'en'])).toBe('zh-CN')
    expect(keptLanguage(['de-DE', 'en-US'])).toBe('en')
    expect(keptLanguage(['de-DE'])).toBe('zh-CN')
  })

  it('is the chosen one from then on, whatever the browser asks for', async () => {
    await speak('zh-CN')
    expect(keptLanguage(['en-GB'])).toBe('en')
    await speak('zh-CN', true)
    expect(keptLanguage(['en-GB'])).toBe('zh-CN')
  })
})
