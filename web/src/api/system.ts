import { get } from './ask'
import type { SystemStatus } from './types'

export const status = () => get<SystemStatus>('/api/system')
