import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TokenBucket } from './rate-limit.ts'

it('[F7] lets a burst through, then the rate', () => {
  const bucket = new TokenBucket(30, 60, 0)
  const taken = (nowMs: number) => {
    let count = 0
    while (bucket.take(nowMs)) count++
    return count
  }
  expect(taken(0)).toBe(60)
  expect(taken(1000)).toBe(30)
  expect(taken(3_600_000)).toBe(60)
})

it('adds nothing when the clock goes back', () => {
  const bucket = new TokenBucket(1, 1, 10_000)
  expect(bucket.take(10_000)).toBe(true)
  expect(bucket.take(0)).toBe(false)
  expect(bucket.take(500)).toBe(false)
})

it('[SG10] [F7] never gives more than burst + rate × time, whatever the pattern', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 300 }), (gapsMs) => {
      const bucket = new TokenBucket(30, 60, 0)
      let nowMs = 0
      let taken = 0
      for (const gapMs of gapsMs) {
        nowMs += gapMs
        if (bucket.take(nowMs)) taken++
      }
      expect(taken).toBeLessThanOrEqual(60 + (30 * nowMs) / 1000 + 1e-6)
    }),
  )
})
