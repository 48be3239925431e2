// Lighthouse's accessibility score of what stands in a browser now. Reads one line for each page, the `window.name` of its tab, and
// answers each with a line of JSON: {score, faults: [{id, title, where}]}. The browser (argument: its debugging address) was
// opened by somebody else, who has signed in and brought the page into the state that is to be judged.
import { createInterface } from 'node:readline'
import { snapshot } from 'lighthouse'
import puppeteer from 'puppeteer-core'

const browser = await puppeteer.connect({ browserURL: process.argv[2], defaultViewport: null })

async function named(name) {
  for (const page of await browser.pages()) if ((await page.evaluate(() => window.name)) === name) return page
  throw new Error(`no page of this name: ${name}`)
}

function faultsOf({ audits, categories }) {
  const counted = categories.accessibility.auditRefs.filter((ref) => ref.weight > 0 && audits[ref.id].score === 0)
  return counted.map(({ id }) => ({ id, title: audits[id].title, where: (audits[id].details?.items ?? []).slice(0, 3).map((item) => item.node?.selector) }))
}

for await (const name of createInterface({ input: process.stdin })) {
  const page = await named(name)
  const { lhr } = await snapshot(page, {
    config: { extends: 'lighthouse:default', settings: { onlyCategories: ['accessibility'], formFactor: 'desktop', screenEmulation: { disabled: true }, disableFullPageScreenshot: true, throttlingMethod: 'provided' } },
  })
  console.log(JSON.stringify({ score: Math.round(lhr.categories.accessibility.score * 100), faults: faultsOf(lhr) }))
}
await browser.disconnect()
