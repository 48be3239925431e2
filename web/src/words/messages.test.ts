import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { gather } from './gather'

const SOURCE = join(dirname(fileURLToPath(import.meta.url)), '..')

function files(folder = SOURCE): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? files(path) : [path]
  })
}

function keys(tree: unknown, prefix = ''): string[] {
  if (typeof tree !== 'object' || tree === null) return [prefix]
  return Object.entries(tree).flatMap(([name, value]) => keys(value, prefix ? `${prefix}.${name}` : name))
}

const all = files()
function messages(language: string): Record<string, unknown> {
  const found = all.filter((file) => file.endsWith(`messages.${language}.json`))
  return gather(Object.fromEntries(found.map((file) => [file, JSON.parse(readFileSync(file, 'utf8')) as unknown])))
}
const chinese = messages('zh-CN')
const english = messages('en')
const known = new Set(keys(chinese))
const branches = new Set([...known].flatMap((key) => key.split('.').map((_, index, parts) => parts.slice(0, index + 1).join('.'))))

/** Keys that are written out in the source; `t(\`a.${b}\`)` counts for its beginning. */
function used(): { key: string; whole: boolean; file: string }[] {
  const found: { key: string; whole: boolean; file: string }[] = []
  for (const file of all.filter((one) => /\.(vue|ts)$/.test(one) && !one.endsWith('.test.ts'))) {
    const text = readFileSync(file, 'utf8')
    for (const match of text.matchAll(/\bt\(\s*(['`])([^'`]+)\1|\b(?:words|title): '([a-z][\w-]*(?:\.[\w-]+)+)'|useKeys\(\s*'([^']+)'/g)) {
      const key = match[2] ?? match[3] ?? match[4] ?? ''
      const cut = key.indexOf('${')
      found.push({ key: cut < 0 ? key : key.slice(0, cut).replace(/\.$/, ''), whole: cut < 0, file })
    }
  }
  return found
}

describe('the words', () => {
  it('are the same keys in Chinese and in English', () => {
    expect(keys(english).sort()).toEqual([...known].sort())
  })

  it('are there for every key that the source names', () => {
    const missing = used().filter(({ key, whole }) => (whole ? !known.has(key) && !branches.has(key) : key !== '' && !branches.has(key)))
    expect(missing.map(({ key, file }) => `${key} in ${file.slice(SOURCE.length)}`)).toEqual([])
  })

  it('of a whole key are words, not a branch', () => {
    const notWords = used().filter(({ key, whole }) => whole && branches.has(key) && !known.has(key))
    expect(notWords.map(({ key, file }) => `${key} in ${file.slice(SOURCE.length)}`)).toEqual([])
  })

  it('are all used', () => {
    const source = all.filter((file) => /\.(vue|ts)$/.test(file) && !file.endsWith('.test.ts')).map((file) => readFileSync(file, 'utf8')).join('\n')
    const written = new Set([...source.matchAll(/['"`]([a-z][\w-]*(?:\.[\w-]+)+)/gi)].map((match) => match[1]))
    const begun = [...source.matchAll(/['"`]([a-z][\w-]*(?:\.[\w-]+)*)[.]?\$\{/gi), ...source.matchAll(/\bword\('([\w-]+)'/g)].map((match) => match[1] ?? '')
    const unused = [...known].filter((key) => !written.has(key) && !begun.some((beginning) => key.startsWith(`${beginning}.`) || key.startsWith(`words.${beginning}.`)))
    expect(unused).toEqual([])
  })

  it('take the same values in both languages', () => {
    const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()
    const at = (tree: Record<string, unknown>, key: string) => key.split('.').reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], tree)
    const differing = [...known].filter((key) => JSON.stringify(holes(String(at(chinese, key)))) !== JSON.stringify(holes(String(at(english, key)))))
    expect(differing).toEqual([])
  })

  it('hold no sign that the message language gives a meaning to', () => {
    for (const tree of [chinese, english]) expect(JSON.stringify(tree)).not.toMatch(/[|@]/)
  })
})
