import { describe, expect, it } from 'vitest'
import { REDIAL_FIRST_MS, REDIAL_MAX_MS } from '../limits.ts'
import { redialDelayMs } from './reconnect-policy.ts'

describe('the wait before the next try', () => {
  it('[OV3] doubles from 0.5 s to 30 s, its upper half drawn', () => {
    const longest = [0, 1, 2, 3, 4, 5, 6, 7, 1000].map((attempt) => redialDelayMs(attempt, 0.999_999))
    expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    const shortest = [0, 1, 6, 1000].map((attempt) => redialDelayMs(attempt, 0))
    expect(shortest).toEqual([250, 500, 15_000, 15_000])
    expect([REDIAL_FIRST_MS, REDIAL_MAX_MS]).toEqual([500, 30_000])
  })
})
