import type { Page } from './answer'
import { get } from './ask'
import type { Schemas } from './schemas'

export type AuditLine = Schemas['AuditLineView']
export type Checkpoint = Schemas['CheckpointView']
export type Proof = Schemas['ProofView']

export interface AuditQuestion {
  before?: string | number | null
  limit?: number
  actor?: string
  action?: string
  object?: string
}

export const lines = (question: AuditQuestion) => get<Page<AuditLine>>('/api/audit', { ...question })
export const checkpoint = () => get<Checkpoint>('/api/audit/checkpoint')
export const proof = (seq: number) => get<Proof>(`/api/audit/${seq}/proof`)
