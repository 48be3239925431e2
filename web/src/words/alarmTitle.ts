/** What an alarm says, in the reader's language: by code system and code, else in the platform's words, else by category. */
import contactId from './codes/contact-id.json'
import sia from './codes/sia.json'
import { language } from './index'

type Table = Record<string, string[]>
const TABLES: Record<string, Table> = { 'contact-id': contactId as Table, 'sia-dc03': sia as Table, sia: sia as Table }

export interface Coded {
  code_system: string
  code: string
  title: string
  title_zh?: string
  category: string
}

/** The words of the code; empty when the code is not in the table. */
export function codeWords(codeSystem: string, code: string): string {
  const bare = codeSystem === 'contact-id' ? code.replace(/^[ERP136]?(?=\d{3}$)/, '') : code
  const pair = TABLES[codeSystem]?.[bare]
  return pair ? (pair[language.value === 'en' ? 1 : 0] ?? '') : ''
}

export function alarmTitle(alarm: Coded, categoryWords: (category: string) => string): string {
  const known = codeWords(alarm.code_system, alarm.code)
  if (known) return known
  const told = language.value === 'en' ? alarm.title : alarm.title_zh
  if (told) return told
  return categoryWords(alarm.category)
}
