import { describe, expect, it } from 'vitest'
import type { Point } from '@/api/points'
import { usePointForm } from './usePointForm'

const GATE = {
  id: 'p1', name: '东门', number: 7, code: '21010200001320000007', organisation_id: 'o1', area_code: '210102', point_class: 1, legal_class: 'art7_gov',
  counter_terror_target: false, address: '', position: { longitude: 123.4239, latitude: 41.7976 }, given: { longitude: 123.43, latitude: 41.8, datum: 'gcj02' },
  view_degrees: 0, view_angle_degrees: null, device_id: '', channel_id: '', records: true, audio: false, retention_days: 90,
  dossier: { purpose: '治安', siting_zone: 'entrance', in_service_on: '2026-01-31' }, version: 4,
} as unknown as Point

describe('the form of a point', () => {
  it('sends a position as it was given, with its datum, and the version that was read', () => {
    const { fields } = usePointForm(GATE)
    expect(fields()).toMatchObject({ position: { longitude: 123.43, latitude: 41.8, datum: 'gcj02' }, version: 4, view_degrees: 0, view_angle_degrees: null })
  })

  it('takes emptied boxes for nothing', () => {
    const { form, fields } = usePointForm(GATE)
    form.longitude = ''
    form.dossier.in_service_on = ''
    expect(fields()).toMatchObject({ position: null, dossier: { in_service_on: null, purpose: '治安' } })
  })

  it('leaves number, code and version of a new point to the platform', () => {
    expect(usePointForm(null).fields()).toMatchObject({ number: 0, code: '', version: 0, retention_days: 30 })
  })
})
