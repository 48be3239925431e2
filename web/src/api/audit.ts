import type { Page } from './answer'
import { get, path, post } from './ask'
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
  /** what the stated purpose begins with */
  purpose?: string
  /** id of a point: who looked at it, live or recorded */
  looked_at?: string
  from?: string
  until?: string
}

/** The platform's own look at every line; the proof is the auditor's tool. */
export interface VerificationRun {
  upto: number
  lines: number
  redacted: number
  started_at: string
  finished_at: string | null
  first_bad_seq: number | null
  detail: string
}

export interface AuditState {
  size: number
  checkpoint: Checkpoint | null
  tampered: boolean
  missing_results: number
  stamps_configured: boolean
  stamped_size: number | null
  stamped_at: string | null
  stamp_fault: string
  verification: VerificationRun | null
}

export const lines = (question: AuditQuestion) => get<Page<AuditLine>>('/api/audit', { ...question })
export const checkpoint = () => get<Checkpoint>('/api/audit/checkpoint')
export const proof = (seq: number) => get<Proof>(`/api/audit/${seq}/proof`)
export const state = () => get<AuditState>('/api/audit/state')
export const verify = () => post<VerificationRun>('/api/audit/verification')
export const exportAddress = (question: AuditQuestion) => path('/api/audit/export', { ...question })
