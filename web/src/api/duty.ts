import type { Page } from './answer'
import { get, post, put } from './ask'
import type { Schemas } from './schemas'

export type UnitState = Schemas['UnitState']
export type Unit = Schemas['UnitView']
export type UnitFields = Schemas['UnitForm']

export const units = () => get<Page<Unit>>('/api/units')
export const addUnit = (unit: UnitFields) => post<Unit>('/api/units', unit)
export const changeUnit = (id: string, unit: UnitFields) => put<Unit>(`/api/units/${id}`, unit)
