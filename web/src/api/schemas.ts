/** The generated contract, by the platform's own names. Each subject gives the names that the console speaks. */
import type { components } from './generated/schema'

export type Schemas = components['schemas']

/** A view whose words the platform leaves open, though it uses these only. */
export type Narrowed<View, Words> = Omit<View, keyof Words> & Words
