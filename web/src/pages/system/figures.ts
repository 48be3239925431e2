/** A figure carries its unit in its name (`disk_free_bytes`): written for people here. Unknown is a dash, never zero. */
const BYTES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
const UNITS: Record<string, string> = { ms: 'ms', seconds: 's', s: 's', gib: 'GiB', percent: '%' }

export function figureWords(name: string, value: number | string | null): { value: string; unit: string } {
  if (value === null || value === undefined) return { value: '–', unit: '' }
  if (typeof value === 'string') return { value, unit: '' }
  const last = name.split('_').at(-1) ?? ''
  if (last === 'bytes') {
    const power = value > 0 ? Math.min(BYTES.length - 1, Math.floor(Math.log10(value) / 3)) : 0
    return { value: (value / 1000 ** power).toFixed(power === 0 ? 0 : 1), unit: BYTES[power] ?? 'B' }
  }
  const rounded = Number.isInteger(value) ? value.toLocaleString('en-US') : value.toFixed(1)
  return { value: rounded, unit: UNITS[last] ?? '' }
}

export interface FigureGroup {
  part: string
  figures: { name: string; value: string; unit: string }[]
}

/** "sia-dc09.frames" is a figure of the part sia-dc09. A port is an address, not a figure. */
export function groupedFigures(figures: Record<string, number | string | null>): FigureGroup[] {
  const groups = new Map<string, FigureGroup>()
  for (const [whole, value] of Object.entries(figures)) {
    const dot = whole.indexOf('.')
    const [part, name] = dot < 0 ? ['', whole] : [whole.slice(0, dot), whole.slice(dot + 1).replace(/^counters\./, '')]
    if (name === 'port') continue
    const group = groups.get(part) ?? { part, figures: [] }
    groups.set(part, group)
    group.figures.push({ name, ...figureWords(name, value) })
  }
  return [...groups.values()]
}
