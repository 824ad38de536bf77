import { expect, it } from 'vitest'
import { restartAfter } from './backoff.ts'
import { RESTART_CALM_MS, RESTART_MAX_MS } from './limits.ts'

it('a child that keeps ending is started ever later, up to 30 s, and soon again once it ran for a minute', () => {
  let failures = 0
  const delays = Array.from({ length: 10 }, () => {
    const next = restartAfter(failures + 1, 100)
    failures = next.failures
    return next.delayMs
  })
  expect(delays.slice(0, 4)).toEqual([250, 500, 1000, 2000])
  expect(delays.at(-1)).toBe(RESTART_MAX_MS)
  expect(restartAfter(11, RESTART_CALM_MS)).toEqual({ delayMs: 250, failures: 1 })
})
