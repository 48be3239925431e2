/** One picture is heard at a time: whoever begins to listen silences the one before. */
import { shallowRef } from 'vue'

export const heardTile = shallowRef<symbol | null>(null)
