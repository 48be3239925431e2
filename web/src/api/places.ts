import type { Schemas } from './schemas'

/** WGS-84, in degrees. */
export type Place = Schemas['Place']
