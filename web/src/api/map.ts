import { get } from './ask'
import type { Schemas } from './schemas'

/** the customer's own tiles; null: the invented demo city */
export type Basemap = Schemas['BasemapView']

export const inUse = () => get<Schemas['MapView']>('/api/map')
export const tileAddress = (basemap: Basemap) => `${location.origin}/api/map/tiles/${basemap.version}/{z}/{x}/{y}`
