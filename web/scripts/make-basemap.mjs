/**
 * Draws the invented demo city as GeoJSON: nothing here exists. A river, a lake, parks, a ring road, avenues, streets and
 * blocks around 118.37 E 31.33 N, from a fixed seed, so that the file is the same each time.
 * Run: npm run basemap  (writes public/basemap/city.json)
 */
import { writeFileSync } from 'node:fs'

const CENTRE = [118.37, 31.33]
const METRE_LAT = 1 / 111_320
const METRE_LON = METRE_LAT / Math.cos((CENTRE[1] * Math.PI) / 180)
const HALF_M = 5200
const AVENUE_M = 1000
const STREETS_PER_BLOCK = 4

let seed = 20261120
function chance() {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

const place = (x, y) => {
  // The whole city is turned a little, and bends with the river: a plain grid looks like nothing on earth.
  const bend = 220 * Math.sin(y / 2600)
  const angle = 0.14
  const [rx, ry] = [(x + bend) * Math.cos(angle) - y * Math.sin(angle), (x + bend) * Math.sin(angle) + y * Math.cos(angle)]
  return [+(CENTRE[0] + rx * METRE_LON).toFixed(6), +(CENTRE[1] + ry * METRE_LAT).toFixed(6)]
}
const feature = (kind, type, coordinates, properties = {}) => ({ type: 'Feature', properties: { kind, ...properties }, geometry: { type, coordinates } })
const features = []

const riverX = (y) => -3300 + 420 * Math.sin(y / 1500) + 160 * Math.sin(y / 420)
function river() {
  const [west, east] = [[], []]
  for (let y = -HALF_M - 400; y <= HALF_M + 400; y += 130) {
    west.push(place(riverX(y) - 230, y))
    east.push(place(riverX(y) + 230, y))
  }
  const ring = [...west, ...east.reverse()]
  features.push(feature('water', 'Polygon', [[...ring, ring[0]]], { zh: '澄江', en: 'Cheng River' }))
}

function blob(x, y, radius, kind, names) {
  const ring = []
  for (let step = 0; step < 28; step++) {
    const angle = (step / 28) * Math.PI * 2
    const r = radius * (0.82 + 0.24 * Math.sin(angle * 3 + x) + 0.1 * Math.cos(angle * 5))
    ring.push(place(x + r * Math.cos(angle) * 1.25, y + r * Math.sin(angle) * 0.8))
  }
  features.push(feature(kind, 'Polygon', [[...ring, ring[0]]], names))
}

const PARKS = [
  { x: 1450, y: 1500, radius: 520, names: { zh: '望烽公园', en: 'Beacon Park' } },
  { x: -1600, y: -2450, radius: 430, names: { zh: '竹影园', en: 'Bamboo Garden' } },
  { x: 3300, y: -3300, radius: 600, names: { zh: '南屏山', en: 'South Screen Hill' } },
]
const LAKE = { x: 1450, y: 1480, radius: 270 }
const near = (x, y) => [...PARKS, LAKE].some((p) => Math.hypot((x - p.x) / 1.25, (y - p.y) / 0.85) < p.radius * 1.05)
const wet = (x, y) => Math.abs(x - riverX(y)) < 300

function blocks() {
  const step = AVENUE_M / STREETS_PER_BLOCK
  for (let x = -HALF_M; x < HALF_M; x += step) {
    for (let y = -HALF_M; y < HALF_M; y += step) {
      const [cx, cy] = [x + step / 2, y + step / 2]
      if (wet(cx, cy) || near(cx, cy) || Math.hypot(cx, cy) > HALF_M * 0.98 || chance() < 0.07) continue
      const [inset, split] = [20 + chance() * 8, chance() < 0.55 ? 0.35 + chance() * 0.3 : 1]
      const middle = x + step * split
      const box = (x0, x1) => [[place(x0, y + inset), place(x1, y + inset), place(x1, y + step - inset), place(x0, y + step - inset), place(x0, y + inset)]]
      features.push(feature('block', 'Polygon', box(x + inset, split === 1 ? x + step - inset : middle - 10)))
      if (split < 1) features.push(feature('block', 'Polygon', box(middle + 10, x + step - inset)))
    }
  }
}

const NS = ['柳桥', '鼓楼', '青石', '织锦', '中山', '书院', '桂花', '东关', '虹桥', '松台', '云栖']
const EW = ['滨湖', '朝阳', '文昌', '延安', '人民', '烽台', '解放', '和平', '望江', '花园', '南屏']
const ENGLISH_NS = ['Liuqiao', 'Gulou', 'Qingshi', 'Zhijin', 'Zhongshan', 'Shuyuan', 'Guihua', 'Dongguan', 'Hongqiao', 'Songtai', 'Yunqi']
const ENGLISH_EW = ['Binhu', 'Chaoyang', 'Wenchang', 'Yanan', 'Renmin', 'Fengtai', 'Jiefang', 'Heping', 'Wangjiang', 'Huayuan', 'Nanping']

function line(from, to, fixed, upright, skip) {
  const runs = [[]]
  for (let at = from; at <= to; at += 125) {
    const [x, y] = upright ? [fixed, at] : [at, fixed]
    if (skip(x, y) || Math.hypot(x, y) > HALF_M) runs.push([])
    else runs.at(-1).push(place(x, y))
  }
  return runs.filter((run) => run.length > 1)
}

function streets() {
  const step = AVENUE_M / STREETS_PER_BLOCK
  let index = 0
  for (let at = -HALF_M + 200; at <= HALF_M; at += step, index++) {
    const avenue = index % STREETS_PER_BLOCK === 0
    const kind = avenue ? 'avenue' : 'street'
    const n = index / STREETS_PER_BLOCK
    const skip = (x, y) => near(x, y) || (!avenue && (wet(x, y) || chance() < 0.012))
    for (const run of line(-HALF_M, HALF_M, at, true, skip)) {
      features.push(feature(kind, 'LineString', run, avenue ? { zh: `${NS[n] ?? '长平'}大道`, en: `${ENGLISH_NS[n] ?? 'Changping'} Avenue` } : {}))
    }
    for (const run of line(-HALF_M, HALF_M, at, false, skip)) {
      features.push(feature(kind, 'LineString', run, avenue ? { zh: `${EW[n] ?? '安定'}路`, en: `${ENGLISH_EW[n] ?? 'Anding'} Road` } : {}))
    }
  }
}

function ring(radius, zh, en) {
  const points = []
  for (let step = 0; step <= 120; step++) {
    const angle = (step / 120) * Math.PI * 2
    points.push(place(radius * Math.cos(angle), radius * 0.94 * Math.sin(angle)))
  }
  features.push(feature('ring', 'LineString', points, { zh, en }))
}

const DISTRICTS = [
  [0, 0, '鼓楼区', 'Gulou'], [2500, 2600, '望烽区', 'Wangfeng'], [2700, -1500, '东关区', 'Dongguan'],
  [-1500, 2400, '滨江区', 'Binjiang'], [-4400, -800, '江西新区', 'West Bank'], [400, -3300, '南屏区', 'Nanping'],
]

blocks()
river()
for (const park of PARKS) blob(park.x, park.y, park.radius, 'park', park.names)
blob(LAKE.x, LAKE.y, LAKE.radius, 'water', { zh: '镜湖', en: 'Mirror Lake' })
streets()
ring(4900, '外环路', 'Outer Ring')
ring(2300, '内环路', 'Inner Ring')
for (const [x, y, zh, en] of DISTRICTS) features.push(feature('district', 'Point', place(x, y), { zh, en }))

const city = { type: 'FeatureCollection', note: 'Invented demo city of Fengtai: no real street, river or border. Apache-2.0.', features }
writeFileSync(new URL('../public/basemap/city.json', import.meta.url), JSON.stringify(city))
console.log(`${features.length} features`)
