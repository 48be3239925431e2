/** Large files go in pieces, each a request of its own, because a request is bounded. Owns: cutting and telling how far. */
import { ok, type Answer } from './answer'
import { post, put } from './ask'
import type { Schemas } from './schemas'

export const PIECE_BYTES = 512 * 1024

/** The id of the upload when all of it has arrived. */
export async function send(file: Blob, told: (share: number) => void = () => {}): Promise<Answer<string>> {
  const opened = await post<Schemas['UploadView']>('/api/points/uploads')
  if (opened.status === 'refused') return opened
  const { id } = opened.value
  for (let start = 0, index = 0; start < file.size; start += PIECE_BYTES, index++) {
    const content = inBase64(new Uint8Array(await file.slice(start, start + PIECE_BYTES).arrayBuffer()))
    const sent = await put(`/api/points/uploads/${id}/pieces/${index}`, { content })
    if (sent.status === 'refused') return sent
    told(Math.min(1, (start + PIECE_BYTES) / file.size))
  }
  return ok(id)
}

/** In steps, because a call takes only so many arguments. */
export function inBase64(bytes: Uint8Array): string {
  let text = ''
  for (let start = 0; start < bytes.length; start += 0x8000) text += String.fromCharCode(...bytes.subarray(start, start + 0x8000))
  return btoa(text)
}
