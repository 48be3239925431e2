/** Why somebody looks at what was recorded: the closed list of the server (`access.model.Purpose`). */
import type { Schemas } from './schemas'

export type Purpose = Schemas['Purpose']
export const PURPOSES: readonly Purpose[] = ['alarm', 'case', 'duty-check', 'maintenance', 'request-by-law', 'supervised-viewing']
