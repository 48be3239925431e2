// Writes file.gz beside each text file of the built console. The server sends it to whoever accepts gzip, so that nothing
// is compressed while an operator waits (a control room's line to a station may be slow).
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { constants, gzipSync } from 'node:zlib'

const TEXTS = new Set(['.css', '.html', '.js', '.json', '.mjs', '.svg'])
const WORTH_IT_BYTES = 1024

for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !TEXTS.has(extname(entry.name))) continue
  const path = join(entry.parentPath ?? entry.path, entry.name)
  const text = readFileSync(path)
  if (text.length >= WORTH_IT_BYTES) writeFileSync(`${path}.gz`, gzipSync(text, { level: constants.Z_BEST_COMPRESSION }))
}
