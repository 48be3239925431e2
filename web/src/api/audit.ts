import type { Page } from './answer'
import { get } from './ask'
import type { AuditLine, Checkpoint } from './types'

export interface AuditQuestion {
  before?: string | number | null
  limit?: number
  actor?: string
  action?: string
  object?: string
}

export const lines = (question: AuditQuestion) => get<Page<AuditLine>>('/api/audit', { ...question })
export const checkpoint = () => get<Checkpoint>('/api/audit/checkpoint')
