import { beforeEach, describe, expect, it } from 'vitest'
import { alarmTitle, codeWords } from './alarmTitle'
import { language } from './index'

const SMOKE = { code_system: 'contact-id', code: '111', title: 'smoke', category: 'fire' }
const UNKNOWN = { code_system: 'contact-id', code: '999', title: '', category: 'unmapped' }
const category = (name: string) => `category ${name}`

describe('what an alarm says', () => {
  beforeEach(() => void (language.value = 'zh-CN'))

  it('is said in the language of the reader', () => {
    expect(alarmTitle(SMOKE, category)).toBe('烟感火警')
    language.value = 'en'
    expect(alarmTitle(SMOKE, category)).toBe('Smoke')
  })

  it('reads a Contact ID code with its qualifier before it', () => {
    expect(codeWords('contact-id', 'E130')).toBe('入侵报警')
    expect(codeWords('contact-id', '1130')).toBe('入侵报警')
  })

  it('is in the words of the platform, then of its category, when the code is not in the table', () => {
    expect(alarmTitle({ ...UNKNOWN, title_zh: '门被撬动' }, category)).toBe('门被撬动')
    expect(alarmTitle(UNKNOWN, category)).toBe('category unmapped')
  })

  it('leaves no English on the Chinese page', () => {
    expect(alarmTitle({ ...UNKNOWN, title: 'Door forced' }, category)).not.toContain('Door')
  })
})
