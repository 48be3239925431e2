import type { Page } from './answer'
import { get, post, put } from './ask'
import type { Organisation, Unit, UnitFields } from './types'

export const units = () => get<Page<Unit>>('/api/units')
export const addUnit = (unit: UnitFields) => post<Unit>('/api/units', unit)
export const changeUnit = (id: string, unit: UnitFields) => put<Unit>(`/api/units/${id}`, unit)
export const organisations = () => get<Page<Organisation>>('/api/organisations')
