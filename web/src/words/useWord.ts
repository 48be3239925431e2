import { useI18n } from 'vue-i18n'

/** Words for a value of the platform: `word('unitState', 'free')`. A value without words is shown as it came, never hidden. */
export function useWord(): (group: string, value: string | number | null | undefined) => string {
  const { t, te } = useI18n()
  return (group, value) => {
    if (value === null || value === undefined || value === '') return '–'
    const key = `words.${group}.${String(value).replaceAll('.', '-')}`
    return te(key) ? t(key) : String(value)
  }
}
