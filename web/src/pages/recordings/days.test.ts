import { describe, expect, it } from 'vitest'
import type { RecordedHour } from '@/api/recordings'
import { days, stretches } from './days'

const at = (clock: string) => Date.parse(`2026-11-20T${clock}:00Z`)
const iso = (clock: string) => `2026-11-20T${clock}:00.000Z`
const hour = (from: string, until: string, ...gaps: [string, string | null, string][]): RecordedHour => ({
  from: iso(from), until: iso(until), bytes: 1, state: 'closed', gaps: gaps.map(([start, end, cause]) => ({ from: iso(start), until: end ? iso(end) : null, cause })),
})
const told = (hours: RecordedHour[], now = '12:00') => stretches(hours, at(now)).map((one) => [new Date(one.fromMs).toISOString().slice(11, 16), new Date(one.untilMs).toISOString().slice(11, 16), one.cause])

describe('what was recorded', () => {
  it('has its gaps cut out, with their causes', () => {
    expect(told([hour('08:00', '09:00', ['08:20', '08:30', 'stream-lost'])])).toEqual([
      ['08:00', '08:20', ''], ['08:20', '08:30', 'stream-lost'], ['08:30', '09:00', ''],
    ])
  })

  it('ends now, also when a gap is still open', () => {
    expect(told([hour('11:00', '12:00', ['11:40', null, 'device-offline'])], '11:50')).toEqual([['11:00', '11:40', ''], ['11:40', '11:50', 'device-offline']])
  })

  it('is not painted twice when two hours tell the same gap', () => {
    const both: [string, string, string] = ['08:50', '09:10', 'disk']
    expect(told([hour('08:00', '09:00', both), hour('09:00', '10:00', both)])).toEqual([['08:00', '08:50', ''], ['08:50', '09:10', 'disk'], ['09:10', '10:00', '']])
  })

  it('is counted by day, and today only until now', () => {
    const [today, before] = days([hour('00:00', '06:00')], at('00:00'), 2, at('12:00'))
    expect([today?.recordedMs, today?.possibleMs]).toEqual([6 * 3_600_000, 12 * 3_600_000])
    expect([before?.recordedMs, before?.possibleMs]).toEqual([0, 24 * 3_600_000])
  })
})
