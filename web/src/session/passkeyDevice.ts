/**
 * Speaks to the device that keeps passkeys (W3C WebAuthn). Owns: the JSON forms of question and answer, written by hand
 * because older browsers lack `parseCreationOptionsFromJSON`. Must not know: what a passkey is used for.
 */
import type { Credential } from '@/api/keys'

/** Why there is no answer: the person refused or was too slow, the device is known already, or cannot do it. */
export type DeviceRefusal = 'refused' | 'known' | 'unable'
export type DeviceAnswer = { credential: Credential } | { refusal: DeviceRefusal }

type Json = Record<string, unknown>

export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0))
}

export function toText(bytes: ArrayBuffer): string {
  const plain = String.fromCharCode(...new Uint8Array(bytes))
  return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** A page under an IP address, or without TLS elsewhere than on this machine, has no passkeys. */
export function passkeysWork(passkeyName: string, host = location.hostname): boolean {
  const fits = host === passkeyName || host.endsWith(`.${passkeyName}`)
  return fits && window.isSecureContext && 'PublicKeyCredential' in window
}

const listed = (keys: unknown): PublicKeyCredentialDescriptor[] =>
  ((keys as Json[] | undefined) ?? []).map((key) => ({ type: 'public-key', id: toBytes(String(key.id)) }))

export async function createPasskey(options: Json): Promise<DeviceAnswer> {
  const user = options.user as Json
  const publicKey = {
    ...options,
    challenge: toBytes(String(options.challenge)),
    user: { ...user, id: toBytes(String(user.id)) },
    excludeCredentials: listed(options.excludeCredentials),
  } as unknown as PublicKeyCredentialCreationOptions
  return asked(() => navigator.credentials.create({ publicKey }))
}

export async function usePasskey(options: Json): Promise<DeviceAnswer> {
  const publicKey = {
    ...options,
    challenge: toBytes(String(options.challenge)),
    allowCredentials: listed(options.allowCredentials),
  } as unknown as PublicKeyCredentialRequestOptions
  return asked(() => navigator.credentials.get({ publicKey }))
}

async function asked(ask: () => Promise<unknown>): Promise<DeviceAnswer> {
  try {
    return { credential: spelled((await ask()) as PublicKeyCredential) }
  } catch (error) {
    const name = error instanceof DOMException ? error.name : ''
    if (name === 'NotAllowedError' || name === 'AbortError') return { refusal: 'refused' }
    if (name === 'InvalidStateError') return { refusal: 'known' }
    return { refusal: 'unable' }
  }
}

function spelled(given: PublicKeyCredential): Credential {
  const response: Json = {}
  for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    const part = (given.response as unknown as Record<string, ArrayBuffer | null | undefined>)[name]
    if (part) response[name] = toText(part)
  }
  const id = toText(given.rawId)
  return { id, rawId: id, type: given.type, response, clientExtensionResults: {} }
}
