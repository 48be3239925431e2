/** Four eyes: what was asked for, and the answer of a second person. */
import type { Page } from './answer'
import { get, post } from './ask'
import type { Schemas } from './schemas'

export type Approval = Schemas['ApprovalView']

export const list = (mine: boolean, after?: string | number | null) => get<Page<Approval>>('/api/approvals', { mine, waiting: !mine, after, limit: 100 })
export const decide = (id: string, agrees: boolean, note: string) => post<Approval>(`/api/approvals/${id}/decision`, { agrees, note })
export const withdraw = (id: string) => post<Approval>(`/api/approvals/${id}/withdraw`)
/** Acts that may need a second person answer either what was done, or the request that waits. */
export const isWaiting = (answer: object): answer is { approval_id: string } | Approval => 'approval_id' in answer || 'asked_by' in answer
