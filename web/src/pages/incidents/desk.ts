import { inject, type ComputedRef, type InjectionKey } from 'vue'
import type { OnDesk } from './useIncident'

export type Desk = OnDesk & { mayHandle: ComputedRef<boolean>; join: () => void }
export const DESK: InjectionKey<Desk> = Symbol('incident on the desk')

export function useDesk(): Desk {
  const desk = inject(DESK)
  if (!desk) throw new Error('this part stands only on the incident page')
  return desk
}
