import { beforeEach, describe, expect, it } from 'vitest'
import { language } from './index'
import { platformWords } from './platformWords'

describe('a sentence of the platform', () => {
  beforeEach(() => void (language.value = 'zh-CN'))

  it('is said in Chinese, with its figures', () => {
    expect(platformWords('The device stopped sending: no packet for 12 s.')).toBe('设备停止送流：12 秒没有数据。')
  })

  it('names who was first, also when they cannot be joined for it', () => {
    expect(platformWords('li has taken this alarm already')).toBe('li 已接此警')
    expect(platformWords('they cannot be joined: li has taken it already')).toBe('不能并警：li 已接此警')
    expect(platformWords('dispatch is not possible: 巡组 1 was sent to incident 20261120-0001 by li')).toBe('巡组 1 已由 li 派往警情 20261120-0001')
  })

  it('is left as it came when it is not known, or when English is read', () => {
    expect(platformWords('Something new.')).toBe('Something new.')
    language.value = 'en'
    expect(platformWords('No media worker is running.')).toBe('No media worker is running.')
  })
})
