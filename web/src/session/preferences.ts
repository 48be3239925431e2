/** What one person likes on this machine; nothing that matters to the record. */
import { ref, watch, type Ref } from 'vue'

export function kept<Value>(name: string, initial: Value): Ref<Value> {
  const key = `fengtai.${name}`
  let start = initial
  try {
    const text = localStorage.getItem(key)
    if (text !== null) start = JSON.parse(text) as Value
  } catch {
    localStorage.removeItem(key)
  }
  const value = ref(start) as Ref<Value>
  watch(value, (now) => localStorage.setItem(key, JSON.stringify(now)), { deep: true })
  return value
}

export const theme = kept<'dark' | 'light'>('theme', 'dark')
export const volume = kept<number>('volume', 0.6)
export const density = kept<'normal' | 'compact'>('density', 'normal')

watch(theme, (now) => document.documentElement.classList.toggle('dark', now === 'dark'), { immediate: true })
// Ink on white, whatever is on the screen.
window.addEventListener('beforeprint', () => document.documentElement.classList.remove('dark'))
window.addEventListener('afterprint', () => document.documentElement.classList.toggle('dark', theme.value === 'dark'))
watch(density, (now) => document.documentElement.classList.toggle('compact', now === 'compact'), { immediate: true })
