import { useI18n } from 'vue-i18n'

/** How somebody was recognised, in words: "password+totp" is "password and app code". */
export function useProven(): (provenBy: string) => string {
  const { t, te } = useI18n()
  return (provenBy) =>
    provenBy
      .split('+')
      .map((way) => way.replace(/:.*$/, ''))
      .map((way) => (te(`words.proven.${way}`) ? t(`words.proven.${way}`) : way))
      .join(' + ')
}
