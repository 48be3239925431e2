/**
 * The keyboard. Pages say which keys they answer to while they are shown; one listener serves them all, and `?` lists
 * them. A key typed into a field belongs to the field.
 */
import { onScopeDispose, shallowReactive } from 'vue'

export interface KeyAct {
  /** as `KeyboardEvent.key`, or "g a" for two in a row */
  key: string
  /** message key of what it does */
  words: string
  /** as the map of keys shows it, when that is more than the key */
  shown?: readonly string[]
  /** false: not for me this time, the browser may have the key */
  act: (event: KeyboardEvent) => unknown
  /** answers even while a field has the focus */
  always?: boolean
}

export interface KeyGroup {
  title: string
  acts: KeyAct[]
}

export const keyGroups = shallowReactive(new Set<KeyGroup>())
const SEQUENCE_MS = 1200
let first = ''
let firstAt = 0

export function useKeys(title: string, acts: KeyAct[]): void {
  const group = { title, acts }
  keyGroups.add(group)
  onScopeDispose(() => keyGroups.delete(group))
}

function inField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}

export function pressed(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
  const field = inField(event.target)
  const modal = [...document.querySelectorAll('[aria-modal="true"]')].some((dialog) => dialog.getClientRects().length > 0)
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  const sequence = event.timeStamp - firstAt < SEQUENCE_MS ? `${first} ${key}` : ''
  first = key
  firstAt = event.timeStamp
  const acts = [...keyGroups].reverse().flatMap((group) => group.acts)
  const found = acts.find((one) => one.key === sequence) ?? acts.find((one) => one.key === key)
  if (!found || ((field || modal) && !found.always)) return
  first = ''
  if (found.act(event) !== false) event.preventDefault()
}

export function startKeys(): () => void {
  window.addEventListener('keydown', pressed)
  return () => window.removeEventListener('keydown', pressed)
}
