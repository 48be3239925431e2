/**
 * Chinese and English. Owns: which language, loading its words, the html lang attribute.
 * Every room brings its own messages files; a key is "<room>.<name>".
 */
import { createI18n } from 'vue-i18n'
import { ref } from 'vue'
import { gather } from './gather'

export type Language = 'zh-CN' | 'en'
const KEPT = 'fengtai.language'

export const LANGUAGES: readonly { id: Language; name: string }[] = [
  { id: 'zh-CN', name: '中文' },
  { id: 'en', name: 'English' },
]

const bundles: Record<Language, () => Promise<{ files: Record<string, unknown> }>> = {
  'zh-CN': () => import('./zh-CN'),
  en: () => import('./en'),
}

export const language = ref<Language>('zh-CN')

export const words = createI18n<false>({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: false,
  missingWarn: import.meta.env?.DEV ?? false,
  messages: {},
})

/** What this person chose here; before that, the first of the browser's languages that we speak; else Chinese. */
export function keptLanguage(asked: readonly string[] = navigator.languages): Language {
  const kept = LANGUAGES.find((one) => one.id === localStorage.getItem(KEPT))
  if (kept) return kept.id
  const spoken = asked.map((one) => one.toLowerCase().split('-')[0]).find((one) => one === 'zh' || one === 'en')
  return spoken === 'en' ? 'en' : 'zh-CN'
}

/** Change the words on the screen. `keep`: the person has chosen it, so it holds from now on. */
export async function speak(chosen: Language, keep = false): Promise<void> {
  const { files } = await bundles[chosen]()
  words.global.setLocaleMessage(chosen, gather(files) as never)
  words.global.locale.value = chosen
  language.value = chosen
  if (keep) localStorage.setItem(KEPT, chosen)
  document.documentElement.lang = chosen
}
