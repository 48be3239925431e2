/** A point as a form holds it: boxes hold texts, an empty one is nothing. Owns: to fields and back. */
import { reactive } from 'vue'
import type { Dossier, Point, PointFields } from '@/api/points'

type Box = number | ''

export const DATUMS = ['wgs84', 'gcj02', 'cgcs2000'] as const
export const LEGAL_CLASSES = ['unsaid', 'art7_gov', 'art7_operator', 'art9', 'non_public'] as const
/** Where a camera may hang; the places of article 8 cannot be chosen, because nobody may enter one. */
export const ZONES = [
  'unsaid', 'street', 'square', 'park', 'transport_hub', 'vehicle', 'entrance', 'lobby', 'corridor', 'counter', 'shop_floor', 'school_grounds',
  'hospital_public', 'perimeter', 'car_park', 'vault', 'high_vantage', 'custodial', 'other',
] as const
const NO_DOSSIER: Dossier = {
  purpose: '', siting_zone: 'unsaid', responsible_unit: '', responsible_unit_code: '', responsible_person: '', maintenance_unit: '', collection_range: '',
  in_service_on: null, retired_on: null, filing_number: '', filed_on: null, sign_on: null, note: '',
}

export function usePointForm(point: Point | null) {
  const place = point?.given ?? point?.position
  const form = reactive({
    name: point?.name ?? '', number: point?.number ?? 0, code: point?.code ?? '', organisation_id: point?.organisation_id ?? '',
    area_code: point?.area_code ?? '', point_class: point?.point_class ?? 3, legal_class: point?.legal_class ?? 'unsaid',
    counter_terror_target: point?.counter_terror_target ?? false, address: point?.address ?? '',
    longitude: (place?.longitude ?? '') as Box, latitude: (place?.latitude ?? '') as Box, datum: point?.given?.datum ?? 'wgs84',
    view_degrees: (point?.view_degrees ?? '') as Box, view_angle_degrees: (point?.view_angle_degrees ?? '') as Box,
    device_id: point?.device_id ?? '', channel_id: point?.channel_id ?? '', records: point?.records ?? true, audio: point?.audio ?? false,
    retention_days: (point?.retention_days ?? 30) as Box, dossier: { ...NO_DOSSIER, ...point?.dossier }, why: '',
  })

  function fields(): PointFields {
    const [longitude, latitude] = [number(form.longitude), number(form.latitude)]
    return {
      ...form, name: form.name.trim(), number: number(form.number) ?? 0, code: form.code.trim(), area_code: form.area_code.trim(), address: form.address.trim(),
      device_id: form.device_id.trim(), channel_id: form.channel_id.trim(), retention_days: number(form.retention_days) ?? 30,
      position: longitude === null || latitude === null ? null : { longitude, latitude, datum: form.datum },
      view_degrees: number(form.view_degrees), view_angle_degrees: number(form.view_angle_degrees),
      dossier: dated(form.dossier), why: form.why.trim(), version: point?.version ?? 0,
    }
  }
  return { form, fields }
}

export type PointBoxes = ReturnType<typeof usePointForm>['form']

const number = (value: Box | null | undefined) => (value === '' || value === null || value === undefined ? null : Number(value))

/** An emptied date box holds an empty text; the platform takes none for a date. */
function dated(dossier: Dossier): Dossier {
  return { ...dossier, in_service_on: dossier.in_service_on || null, retired_on: dossier.retired_on || null, filed_on: dossier.filed_on || null, sign_on: dossier.sign_on || null }
}
