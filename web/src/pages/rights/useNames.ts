/** The people and organisations that grants speak of, by their names. Whoever may not see a list reads identities. */
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { ok, type Page } from '@/api/answer'
import * as access from '@/api/access'
import * as organisations from '@/api/organisations'
import { useSession } from '@/session/session'
import { useAnswer } from '@/session/useAnswer'

const NOBODY: Page<never> = { items: [], next: null }

export function useNames() {
  const session = useSession()
  const { t } = useI18n()
  const peopleAsked = useAnswer(async () => (session.may('people.see') ? access.people() : ok(NOBODY as Page<access.Person>)), { on: ['access'], settleMs: 600 })
  const organisationsAsked = useAnswer(async () => (session.may('organisations.see') ? organisations.list() : ok(NOBODY as Page<organisations.Organisation>)))
  const people = computed(() => peopleAsked.value.value?.items ?? [])
  const tree = computed(() => organisationsAsked.value.value?.items ?? [])
  const person = computed(() => new Map(people.value.map((one) => [one.id, one.display_name || one.name])))
  const organisation = computed(() => new Map(tree.value.map((one) => [one.id, one.name])))
  /** Rights given at the first start, or ended by their time, are the platform's own acts. */
  const nameOf = (id: string) => person.value.get(id) ?? (id.startsWith('system:') ? t('words.source.platform') : id || '–')
  const placeOf = (id: string) => organisation.value.get(id) ?? id
  const problem = computed(() => peopleAsked.problem.value ?? organisationsAsked.problem.value)
  return { people, tree, nameOf, placeOf, problem }
}
export type Names = ReturnType<typeof useNames>
