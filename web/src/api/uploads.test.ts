import { afterEach, describe, expect, it, vi } from 'vitest'
import { inBase64, PIECE_BYTES, send } from './uploads'

const asked: { url: string; body: unknown }[] = []

function platform(refuseAt?: number) {
  return vi.fn(async (url: string, init: RequestInit) => {
    asked.push({ url, body: JSON.parse(String(init.body ?? '{}')) })
    if (refuseAt !== undefined && url.endsWith(`/pieces/${refuseAt}`)) return new Response('{"kind":"invalid","detail":"too large"}', { status: 422 })
    return new Response(JSON.stringify({ id: 'u1', received_bytes: 1 }), { status: 200 })
  })
}

afterEach(() => {
  vi.unstubAllGlobals()
  asked.length = 0
})

describe('an upload', () => {
  it('goes in pieces, in order, and tells how far it is', async () => {
    vi.stubGlobal('fetch', platform())
    const shares: number[] = []
    const answer = await send(new Blob([new Uint8Array(PIECE_BYTES + 3)]), (share) => shares.push(share))
    expect(answer).toEqual({ status: 'ok', value: 'u1' })
    expect(asked.map(({ url }) => url)).toEqual(['/api/points/uploads', '/api/points/uploads/u1/pieces/0', '/api/points/uploads/u1/pieces/1'])
    expect((asked[2]?.body as { content: string }).content).toBe(inBase64(new Uint8Array(3)))
    expect(shares.at(-1)).toBe(1)
  })

  it('stops at the first refusal', async () => {
    vi.stubGlobal('fetch', platform(0))
    const answer = await send(new Blob([new Uint8Array(PIECE_BYTES * 3)]))
    expect(answer.status === 'refused' && answer.problem.detail).toBe('too large')
    expect(asked).toHaveLength(2)
  })
})
