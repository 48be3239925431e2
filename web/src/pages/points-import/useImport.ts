/** One import from the file to the end. Owns: which job it is, how far, and the acts upon it. Failure is a value. */
import { computed, ref } from 'vue'
import { ok, type Answer, type Page } from '@/api/answer'
import * as registerImport from '@/api/registerImport'
import type { Plan, RegisterImport } from '@/api/registerImport'
import { send } from '@/api/uploads'
import { useAct } from '@/parts/useAct'
import { useAnswer } from '@/session/useAnswer'

export const UNDER_WAY = ['checking', 'applying']

export function useImport() {
  const { busy, problem, run } = useAct()
  const id = ref('')
  const sent = ref(0)
  const latest = useAnswer<Page<RegisterImport>>(registerImport.latest, { on: ['points.import_changed'], settleMs: 300 })
  const job = computed(() => latest.value.value?.items.find((one) => one.id === id.value))
  const isUnderWay = computed(() => UNDER_WAY.includes(job.value?.state ?? ''))

  async function act(step: () => Promise<Answer<RegisterImport>>): Promise<void> {
    const moved = await run(step)
    if (moved) id.value = moved.id
    await latest.reload()
  }

  function begin(file: File): Promise<void> {
    sent.value = 0
    return act(async () => {
      const upload = await send(file, (share) => (sent.value = share))
      return upload.status === 'refused' ? upload : registerImport.begin(upload.value, file.name)
    })
  }

  return {
    busy, problem, latest, job, sent, isUnderWay, begin,
    open: (importId: string) => (id.value = importId),
    check: (mapping: Record<string, string> | null) => act(() => registerImport.check(id.value, mapping)),
    apply: (plan: Plan, why: string) => act(() => (job.value ? registerImport.apply(id.value, job.value.token, plan, why) : Promise.resolve(ok(undefined as never)))),
    cancel: () => act(() => registerImport.cancel(id.value)),
  }
}
