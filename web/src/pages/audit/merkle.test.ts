import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { stands, type Claim, type Digest } from './merkle'

const hash = (...parts: Uint8Array[]) => {
  const made = createHash('sha256')
  parts.forEach((part) => made.update(part))
  return new Uint8Array(made.digest())
}
const digest: Digest = (bytes) => Promise.resolve(hash(bytes))
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const [LEAF, NODE] = [Uint8Array.of(0), Uint8Array.of(1)]

/** The tree of RFC 6962, 2.1, by its definition: the left part is the largest power of two that leaves something. */
function root(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0] as Uint8Array
  const cut = 2 ** Math.floor(Math.log2(leaves.length - 1))
  return hash(NODE, root(leaves.slice(0, cut)), root(leaves.slice(cut)))
}

function path(leaves: Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length === 1) return []
  const cut = 2 ** Math.floor(Math.log2(leaves.length - 1))
  return index < cut ? [...path(leaves.slice(0, cut), index), root(leaves.slice(cut))] : [...path(leaves.slice(cut), index - cut), root(leaves.slice(0, cut))]
}

const lines = Array.from({ length: 11 }, (_, index) => ({ record: `{"做了":"第 ${index + 1} 件事"}`, salt: Buffer.alloc(32, index + 1) }))
const leaves = lines.map(({ record, salt }) => hash(LEAF, salt, Buffer.from(record)))

function claim(index: number, size = leaves.length): Claim {
  const part = leaves.slice(0, size)
  const line = lines[index] as (typeof lines)[number]
  return {
    seq: index + 1, leaf: hex(leaves[index] as Uint8Array), record: line.record, salt: hex(line.salt),
    path: path(part, index).map(hex), checkpoint: { size, root: Buffer.from(root(part)).toString('base64') },
  }
}

describe('a line of the audit log', () => {
  it('stands in the tree, whatever the size of the tree and its place', async () => {
    for (let size = 1; size <= leaves.length; size++) {
      for (let index = 0; index < size; index++) expect(await stands(claim(index, size), digest), `${index} of ${size}`).toBe(true)
    }
  })

  it('does not stand when a word of it was changed', async () => {
    expect(await stands({ ...claim(4), record: '{"做了":"别的"}' }, digest)).toBe(false)
  })

  it('does not stand at another place, nor with a path that is cut or lengthened', async () => {
    expect(await stands({ ...claim(4), seq: 6 }, digest)).toBe(false)
    expect(await stands({ ...claim(4), path: claim(4).path.slice(1) }, digest)).toBe(false)
    expect(await stands({ ...claim(4), path: [...claim(4).path, hex(leaves[0] as Uint8Array)] }, digest)).toBe(false)
    expect(await stands({ ...claim(4), seq: 12 }, digest)).toBe(false)
  })

  it('can still be placed once its words are gone', async () => {
    expect(await stands({ ...claim(7), record: null, salt: null }, digest)).toBe(true)
  })
})
