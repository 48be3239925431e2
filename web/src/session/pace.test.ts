import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { paced } from './pace'

/** Events every 50 ms for so long. */
async function flood(soon: () => void, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    soon()
    await vi.advanceTimersByTimeAsync(50)
  }
}

describe('the pace of asking', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('answers a burst once, when it has settled', async () => {
    let asked = 0
    const { soon } = paced(async () => void (asked += 1), 120)
    await flood(soon, 300)
    await vi.advanceTimersByTimeAsync(120)
    expect(asked).toBe(1)
  })

  it('answers events that never pause about once a second, and once more when they do', async () => {
    let asked = 0
    const { soon } = paced(async () => void (asked += 1), 120)
    await flood(soon, 10_500)
    expect(asked).toBeGreaterThanOrEqual(9)
    expect(asked).toBeLessThanOrEqual(10)
    const before = asked
    await vi.advanceTimersByTimeAsync(1000)
    expect(asked).toBe(before + 1)
  })

  it('waits for a slow answer instead of throwing it away', async () => {
    let [asked, answered] = [0, 0]
    const slow = async () => {
      asked += 1
      await new Promise((resolve) => setTimeout(resolve, 3000))
      answered += 1
    }
    const { soon } = paced(slow, 120)
    await flood(soon, 12_500)
    expect(answered).toBeGreaterThanOrEqual(3)
    expect(asked - answered).toBeLessThanOrEqual(1)
  })

  it('asks nothing after it was stopped', async () => {
    let asked = 0
    const { soon, stop } = paced(async () => void (asked += 1), 120)
    soon()
    stop()
    soon()
    await vi.advanceTimersByTimeAsync(5000)
    expect(asked).toBe(0)
  })
})
