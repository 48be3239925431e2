/** An act upon the platform: busy while it runs, its refusal kept beside the button that was pressed. */
import { ref, shallowRef } from 'vue'
import type { Answer, Problem } from '@/api/answer'

export function useAct() {
  const busy = ref(false)
  const problem = shallowRef<Problem>()

  async function run<Value>(act: () => Promise<Answer<Value>>): Promise<Value | undefined> {
    if (busy.value) return undefined
    busy.value = true
    problem.value = undefined
    const answer = await act()
    busy.value = false
    if (answer.status === 'ok') return answer.value ?? (true as Value)
    problem.value = answer.problem
    return undefined
  }

  function forget(): void {
    problem.value = undefined
  }

  return { busy, problem, run, forget }
}
