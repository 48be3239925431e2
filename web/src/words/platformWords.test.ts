import { beforeEach, describe, expect, it } from 'vitest'
import { language } from './index'
import { platformWords } from './platformWords'

describe('a sentence of the platform', () => {
  beforeEach(() => void (language.value = 'zh-CN'))

  it('is said in Chinese, with its figures', () => {
    expect(platformWords('The device stopped sending: no packet for 12 s.')).toBe('设备停止送流：12 秒没有数据。')
  })

  it('is left as it came when it is not known, or when English is read', () => {
    expect(platformWords('Something new.')).toBe('Something new.')
    language.value = 'en'
    expect(platformWords('No media worker is running.')).toBe('No media worker is running.')
  })
})
