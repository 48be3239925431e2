/** A grant as people say it: what, where, until when. */
import { useI18n } from 'vue-i18n'
import type { Grant } from '@/api/rights'
import { useWord } from '@/words/useWord'
import { moment } from '@/words/moments'
import type { Names } from './useNames'

export function useGrantWords(names: Names) {
  const { t } = useI18n()
  const word = useWord()
  const what = (grant: Grant) =>
    grant.permissions.length === 0 ? t('rights.everythingOfRole') : grant.permissions.map((one) => word('permission', one)).join(t('words.comma'))

  function where(grant: Grant): string {
    const limits = [
      ...(grant.organisation_id ? [t('rights.below', { name: names.placeOf(grant.organisation_id) })] : []),
      ...(grant.area_code ? [t('rights.inArea', { code: grant.area_code })] : []),
      ...(grant.point_classes.length > 0 ? [t('rights.ofClass', { classes: grant.point_classes.join(t('words.comma')) })] : []),
    ]
    return limits.join(t('words.comma')) || t('rights.everywhere')
  }

  const until = (grant: Grant) => (grant.valid_until ? moment(grant.valid_until, 'full') : t('rights.forGood'))
  return { what, where, until }
}
