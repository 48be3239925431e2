/**
 * Inclusion in the signed tree of the audit log, computed here and not believed: RFC 9162, 2.1.3.2. Leaf n is line n + 1;
 * leaf = SHA-256(0x00 | salt | record), node = SHA-256(0x01 | left | right).
 */
export type Digest = (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>

export interface Claim {
  seq: number
  leaf: string
  /** absent once the line was redacted */
  record: string | null
  salt: string | null
  path: string[]
  checkpoint: { size: number; root: string }
}

export const sha256: Digest = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))

const joined = (...parts: Uint8Array<ArrayBuffer>[]) => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
const fromHex = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16))
const hexOf = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
const base64Hex = (base64: string) => [...atob(base64)].map((sign) => sign.charCodeAt(0).toString(16).padStart(2, '0')).join('')

/** Does the line, by its own words, stand in the tree of the checkpoint? */
export async function stands(claim: Claim, digest: Digest = sha256): Promise<boolean> {
  const index = claim.seq - 1
  const { size } = claim.checkpoint
  if (index < 0 || index >= size) return false
  if (claim.record !== null && claim.salt !== null) {
    const leaf = await digest(joined(Uint8Array.of(0), fromHex(claim.salt), new Uint8Array(new TextEncoder().encode(claim.record))))
    if (hexOf(leaf) !== claim.leaf) return false
  }
  let [at, last, made] = [index, size - 1, fromHex(claim.leaf)]
  for (const step of claim.path.map(fromHex)) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      made = await digest(joined(Uint8Array.of(1), step, made))
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2)
        last = Math.floor(last / 2)
      }
    } else made = await digest(joined(Uint8Array.of(1), made, step))
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && hexOf(made) === base64Hex(claim.checkpoint.root)
}
