import { NEVER_MS } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { expiryOptions } from './invite-expiry.ts'

const NOW_MS = Date.UTC(2026, 10, 21)
const DAY_MS = 86_400_000

describe('how long an invite may last', () => {
  it('offers a day, a week and a month to whoever may stay for ever', () => {
    expect(expiryOptions(NOW_MS, NEVER_MS).map(({ days }) => days)).toEqual([1, 7, 30])
  })

  it('offers nothing beyond the end of one’s own access', () => {
    for (const ownDays of [0.5, 1, 3, 7, 20, 29.9, 30, 31]) {
      const own = NOW_MS + ownDays * DAY_MS
      const options = expiryOptions(NOW_MS, own)
      expect(options.length, `${ownDays} days`).toBeGreaterThan(0)
      for (const { notAfterMs } of options) expect(notAfterMs).toBeLessThanOrEqual(own)
    }
    expect(expiryOptions(NOW_MS, NOW_MS + 3 * DAY_MS)).toEqual([
      { days: 1, notAfterMs: NOW_MS + DAY_MS },
      { days: null, notAfterMs: NOW_MS + 3 * DAY_MS },
    ])
  })
})
