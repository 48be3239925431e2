import { afterEach, describe, expect, it, vi } from 'vitest'
import { createPasskey, passkeysWork, toBytes, toText, usePasskey } from './passkeyDevice'

const bytes = (...numbers: number[]) => Uint8Array.from(numbers).buffer

function device(answer: () => Promise<unknown>): { asked: unknown[] } {
  const asked: unknown[] = []
  const ask = (options: unknown) => {
    asked.push(options)
    return answer()
  }
  vi.stubGlobal('navigator', { credentials: { create: ask, get: ask } })
  return { asked }
}

afterEach(() => vi.unstubAllGlobals())

describe('a question to the device', () => {
  it('is given in bytes, and its answer is told in letters', async () => {
    const key = { rawId: bytes(255, 254), type: 'public-key', response: { clientDataJSON: bytes(1), signature: bytes(250, 251), userHandle: null } }
    const { asked } = device(() => Promise.resolve(key))
    const answer = await usePasskey({ challenge: 'AP8', rpId: 'localhost' })
    expect(asked).toEqual([{ publicKey: { challenge: toBytes('AP8'), rpId: 'localhost', allowCredentials: [] } }])
    expect(answer).toEqual({
      credential: { id: '__4', rawId: '__4', type: 'public-key', response: { clientDataJSON: 'AQ', signature: '-vs' }, clientExtensionResults: {} },
    })
  })

  it('tells why there is no answer', async () => {
    const options = { challenge: 'AP8', user: { id: 'AA' } }
    for (const [name, refusal] of [['NotAllowedError', 'refused'], ['InvalidStateError', 'known'], ['SecurityError', 'unable']] as const) {
      device(() => Promise.reject(new DOMException('', name)))
      expect(await createPasskey(options)).toEqual({ refusal })
    }
  })
})

describe('letters for bytes', () => {
  it('go there and back', () => {
    for (let length = 0; length < 40; length++) {
      const some = Uint8Array.from({ length }, (_, at) => (at * 83 + length * 7) % 256)
      expect(toBytes(toText(some.buffer))).toEqual(some)
      expect(toText(some.buffer)).toMatch(/^[\w-]*$/)
    }
  })
})

it('there are no passkeys under an address or another name', () => {
  vi.stubGlobal('isSecureContext', true)
  vi.stubGlobal('PublicKeyCredential', class {})
  expect(passkeysWork('localhost', 'localhost')).toBe(true)
  expect(passkeysWork('city.example', 'video.city.example')).toBe(true)
  expect(passkeysWork('localhost', '127.0.0.1')).toBe(false)
  expect(passkeysWork('city.example', 'evilcity.example')).toBe(false)
})
