/** What the built console costs to load, gzipped. Fails when sign-in with the alarm queue passes its budget. Run after a build. */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const DIST = new URL('../dist/', import.meta.url)
const BUDGET_KB = 400
const manifest = JSON.parse(readFileSync(new URL('manifest.json', DIST), 'utf8'))
const gzipped = (file) => gzipSync(readFileSync(new URL(file, DIST))).length

function needed(entry, found = new Set()) {
  const chunk = manifest[entry]
  if (!chunk || found.has(chunk.file)) return found
  found.add(chunk.file)
  for (const sheet of chunk.css ?? []) found.add(sheet)
  for (const other of chunk.imports ?? []) needed(other, found)
  return found
}

function kilobytes(...entries) {
  const files = new Set(entries.flatMap((entry) => [...needed(entry)]))
  return [...files].reduce((sum, file) => sum + gzipped(file), 0) / 1000
}

const first = ['index.html', 'src/words/zh-CN.ts', 'src/pages/sign-in/index.vue', 'src/pages/alarms/index.vue']
const start = kilobytes(...first)
console.log(`sign-in and alarm queue: ${start.toFixed(0)} kB of ${BUDGET_KB} kB`)
for (const entry of Object.keys(manifest).filter((name) => /pages\/[^/]+\/index\.vue$|CityMap\.vue$/.test(name))) {
  console.log(`  ${entry.padEnd(36)} +${(kilobytes(...first, entry) - start).toFixed(0)} kB`)
}
if (start > BUDGET_KB) process.exit(1)
