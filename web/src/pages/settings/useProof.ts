/** One's own keys are changed with a fresh sign-in or the present password; this knows when the password is asked for. */
import { computed, ref, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { OwnKeys } from '@/api/keys'
import { serverNow } from '@/session/clock'

export interface Proof {
  password: Ref<string>
  asked: ComputedRef<boolean>
  ready: ComputedRef<boolean>
}

export function useProof(keys: ShallowRef<OwnKeys | undefined>): Proof {
  const password = ref('')
  const asked = computed(() => keys.value?.has_password === true && serverNow.value > Date.parse(keys.value.fresh_until))
  const ready = computed(() => !asked.value || password.value !== '')
  return { password, asked, ready }
}
