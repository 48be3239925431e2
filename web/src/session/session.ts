/** Who sits here, what they may do, at which post. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { Answer } from '@/api/answer'
import * as access from '@/api/access'
import type { Session } from '@/api/access'
import * as keys from '@/api/keys'
import type { SecondStep } from '@/api/keys'
import { useFeed } from './feed'

export const useSession = defineStore('session', () => {
  const person = shallowRef<Session>()
  const setupNeeded = ref(false)
  const known = ref(false)
  /** the session ended under the person's hands: the sign-in page says so */
  const ended = ref(false)
  const feed = useFeed()
  feed.onSignedOut(() => expire())

  /** what has to be done before this session gives any right */
  const due = computed(() => person.value?.due ?? [])
  const signedIn = computed(() => person.value !== undefined)
  const may = (permission: string | undefined) => !permission || (person.value?.permissions.some((held) => held === permission) ?? false)

  function begin(session: Session): void {
    person.value = session
    ended.value = false
    feed.start()
  }

  /** Ask once at the start: is somebody signed in, is the platform new? A platform that does not answer is neither. */
  async function recall(): Promise<void> {
    const answer = await access.whoAmI()
    if (answer.status === 'ok') begin(answer.value)
    else {
      const setup = await access.setup()
      setupNeeded.value = setup.status === 'ok' && setup.value.needed
    }
    known.value = true
  }

  /** A second step is asked for when the answer holds a ticket; then nobody is signed in yet. */
  async function signIn(name: string, password: string, post: string): Promise<Answer<Session | SecondStep>> {
    return begun(await access.signIn(name, password, post))
  }

  async function secondStep(ticket: string, code: string): Promise<Answer<Session>> {
    return begun(await keys.secondStep(ticket, code))
  }

  async function signInByPasskey(ticket: string, credential: keys.Credential, post: string): Promise<Answer<Session>> {
    return begun(await keys.signInByPasskey(ticket, credential, post))
  }

  function begun<Value extends Session | SecondStep>(answer: Answer<Value>): Answer<Value> {
    if (answer.status === 'ok' && !('ticket' in answer.value)) begin(answer.value)
    return answer
  }

  function expire(): void {
    if (!person.value) return
    ended.value = true
    feed.stop()
    person.value = undefined
  }

  async function signOut(): Promise<void> {
    await access.signOut()
    feed.stop()
    person.value = undefined
  }

  return { person, signedIn, due, setupNeeded, known, ended, may, recall, signIn, secondStep, signInByPasskey, signOut, expire }
})
