/**
 * One soft sound per priority, made here (no file to load). Repeats only for untaken life-safety alarms, and only while
 * there are some. The visual twin stands in the top bar and does not depend on the sound.
 */
import { onScopeDispose, ref, watch, type Ref } from 'vue'
import type { Alarm } from '@/api/alarms'
import { volume } from './preferences'

/** Hz and seconds of each tone: higher and more often is more urgent. */
const MELODIES: Record<number, [number, number][]> = {
  1: [[880, 0.16], [660, 0.16], [880, 0.16], [660, 0.16]],
  2: [[784, 0.18], [784, 0.18], [587, 0.24]],
  3: [[698, 0.2], [587, 0.3]],
  4: [[523, 0.25]],
}
const REPEAT_MS = 4000
const QUIET_MS = 60_000

let context: AudioContext | undefined
/** the browser plays nothing before the first touch of a key or the mouse */
export const soundBlocked = ref(false)
export const quietUntilMs = ref(0)
/** how often a sound was really given to the loudspeaker since the page was opened */
export const soundsPlayed = ref(0)

function ready(): AudioContext | undefined {
  if (typeof AudioContext === 'undefined') return undefined
  context ??= new AudioContext()
  if (context.state === 'suspended') void context.resume().then(() => (soundBlocked.value = context?.state !== 'running'))
  soundBlocked.value = context.state !== 'running'
  return context
}

export function play(priority: number): void {
  const audio = ready()
  if (!audio || audio.state !== 'running') return
  soundsPlayed.value += 1
  let at = audio.currentTime + 0.02
  for (const [hertz, seconds] of MELODIES[Math.min(4, priority)] ?? []) {
    const tone = new OscillatorNode(audio, { type: 'sine', frequency: hertz })
    const level = new GainNode(audio, { gain: 0 })
    level.gain.setValueAtTime(0, at)
    level.gain.linearRampToValueAtTime(volume.value * 0.35, at + 0.02)
    level.gain.linearRampToValueAtTime(0, at + seconds)
    tone.connect(level).connect(audio.destination)
    tone.start(at)
    tone.stop(at + seconds + 0.02)
    at += seconds
  }
}

/** Quiet for a minute: the visual twin stays, and a new alarm breaks it. */
export function hush(): void {
  quietUntilMs.value = Date.now() + QUIET_MS
}

export function useAlarmSound(sounding: Ref<readonly Alarm[]>, waiting: Ref<readonly Alarm[]>): void {
  let known: Set<string> | undefined
  watch(
    waiting,
    (now) => {
      const fresh = known ? now.filter((alarm) => !known?.has(alarm.id)) : []
      known = new Set(now.map((alarm) => alarm.id))
      if (fresh.length === 0) return
      quietUntilMs.value = 0
      play(Math.min(...fresh.map((alarm) => alarm.priority)))
    },
    { immediate: true },
  )
  const repeat = setInterval(() => {
    if (sounding.value.length === 0 || Date.now() < quietUntilMs.value) return
    play(Math.min(...sounding.value.map((alarm) => alarm.priority)))
  }, REPEAT_MS)
  onScopeDispose(() => clearInterval(repeat))
  for (const kind of ['pointerdown', 'keydown']) window.addEventListener(kind, () => void ready(), { once: true })
}
