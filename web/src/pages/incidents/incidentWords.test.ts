import { beforeEach, describe, expect, it } from 'vitest'
import type { Incident } from '@/api/incidents'
import { language } from '@/words'
import { logWords } from './incidentWords'

const INCIDENT = { steps: [{ index: 0, text: '致电联系人', text_zh: '致电联系人', text_en: 'Call the keyholders' }], alarms: [{ title: 'burglary', code_system: 'contact-id', code: '130', category: 'burglary' }] } as unknown as Incident
const word = (group: string, value: string) => `${group}/${value}`
const told = (kind: string, text: string) => logWords({ kind, text }, INCIDENT, word)

describe('a line of the incident log', () => {
  beforeEach(() => void (language.value = 'zh-CN'))

  it('names the alarm in the language of the reader', () => {
    expect(told('opened', 'burglary')).toBe('入侵报警')
  })

  it('says a step as the reader speaks, done or taken back', () => {
    language.value = 'en'
    expect(told('step', '致电联系人')).toBe('Call the keyholders')
    expect(told('step-undone', 'Call the keyholders')).toBe('Call the keyholders')
    expect(told('step', '别的')).toBe('别的')
  })

  it('names what a call brought and what was said', () => {
    expect(told('call', '陈经理: no-answer')).toBe('陈经理 callResult/no-answer')
    expect(told('call', '陈经理: reached (在路上 (5 分钟))')).toBe('陈经理 callResult/reached · 在路上 (5 分钟)')
  })

  it('names what it was, and keeps the words of the person', () => {
    expect(told('closed', 'false: 误触: 店员')).toBe('disposition/false · 误触 · 店员')
    expect(told('note', 'drill: 不变')).toBe('drill: 不变')
  })
})
