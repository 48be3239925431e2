/**
 * The way in. Owns: which step is asked for, what came back from an identity provider, the passkey's device.
 * Must not know: how it looks.
 */
import { computed, ref, shallowRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import * as keys from '@/api/keys'
import { useAct } from '@/parts/useAct'
import { passkeysWork, usePasskey, type DeviceRefusal } from '@/session/passkeyDevice'
import { kept } from '@/session/preferences'
import { useSession } from '@/session/session'
import { useAnswer } from '@/session/useAnswer'

interface Step {
  ticket: string
  ways: readonly string[]
}

const REFUSALS = ['not-good', 'not-entered', 'unavailable', 'too-many']

export function useSignIn() {
  const route = useRoute()
  const router = useRouter()
  const session = useSession()
  const ways = useAnswer(keys.signInWays)
  const { busy, problem, run, forget } = useAct()
  const post = kept('post', '')
  const told = new URLSearchParams(route.hash.replace(/^#/, ''))
  const second = shallowRef<Step | undefined>(secondOf(told))
  /** why the provider's way did not lead in: one of a few words, because anybody can write a link */
  const refused = ref(REFUSALS.find((word) => word === told.get('refused')))
  const device = ref<DeviceRefusal>()
  if (route.hash) void router.replace({ ...route, hash: '' })

  const passkeyName = computed(() => ways.value.value?.passkey_name ?? '')
  const mayUsePasskey = computed(() => passkeyName.value !== '' && passkeysWork(passkeyName.value))
  const providers = computed(() => ways.value.value?.providers ?? [])

  async function enter(): Promise<void> {
    const then = route.query.then
    // Only a path of this console: never an address that somebody put into the link.
    await router.push(typeof then === 'string' && /^\/(?!\/)/.test(then) ? then : '/')
  }

  function begin(): void {
    refused.value = undefined
    device.value = undefined
  }

  async function byPassword(name: string, password: string): Promise<void> {
    begin()
    const answer = await run(() => session.signIn(name.trim(), password, post.value.trim()))
    if (!answer) return
    if ('ticket' in answer) second.value = answer
    else await enter()
  }

  async function byCode(code: string): Promise<void> {
    const step = second.value
    if (!step) return
    if (await run(() => session.secondStep(step.ticket, code))) return enter()
    if (problem.value?.detail.includes('Begin again')) second.value = undefined
  }

  async function byPasskey(): Promise<void> {
    begin()
    const question = await run(keys.askPasskey)
    if (!question) return
    const answer = await usePasskey(question.options)
    if ('refusal' in answer) device.value = answer.refusal
    else if (await run(() => session.signInByPasskey(question.ticket, answer.credential, post.value.trim()))) await enter()
  }

  function byProvider(id: string): void {
    location.assign(keys.providerAddress(id, post.value.trim()))
  }

  function back(): void {
    second.value = undefined
    forget()
  }

  return { session, post, busy, problem, second, refused, device, passkeyName, mayUsePasskey, providers, byPassword, byCode, byPasskey, byProvider, back }
}

function secondOf(told: URLSearchParams): Step | undefined {
  const ticket = told.get('second')
  return ticket ? { ticket, ways: (told.get('ways') ?? '').split(',') } : undefined
}
