import type { Incident, IncidentBrief, Step } from '@/api/incidents'
import { language } from '@/words'
import { alarmTitle } from '@/words/alarmTitle'

/** What an incident is, in the reader's language: the words of its first alarm, else of its category. */
export function incidentTitle(incident: Incident | IncidentBrief, categoryWords: (category: string) => string): string {
  const first = incident.alarms.find((alarm) => alarm.priority === incident.priority) ?? incident.alarms[0]
  return first ? alarmTitle(first, categoryWords) : categoryWords(incident.category)
}

export const stepWords = (step: Step) => (language.value === 'en' ? step.text_en : step.text_zh) || step.text

type Word = (group: string, value: string) => string

/** A line of the log in the reader's language: the platform writes titles, results and dispositions by their plain value. */
export function logWords(line: { kind: string; text: string }, incident: Incident, word: Word): string {
  if (line.kind === 'opened' || line.kind === 'joined') {
    const alarm = incident.alarms.find((one) => one.title === line.text)
    return alarm ? alarmTitle(alarm, (category) => word('category', category)) : line.text
  }
  if (line.kind === 'step' || line.kind === 'step-undone') {
    const step = incident.steps.find((one) => [one.text, one.text_zh, one.text_en].includes(line.text))
    return step ? stepWords(step) : line.text
  }
  if (line.kind === 'closed') {
    const [disposition = '', ...note] = line.text.split(': ')
    return [word('disposition', disposition), ...note].join(' · ')
  }
  const call = line.kind === 'call' ? /^(.*): ([a-z-]+)(?: \(([^]*)\))?$/.exec(line.text) : null
  if (call) return [`${call[1]} ${word('callResult', call[2] ?? '')}`, call[3]].filter(Boolean).join(' · ')
  return line.text
}
