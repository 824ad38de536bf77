import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sample, sampleUnknown } from './introduce.ts'

/** Mulberry32: small and seeded. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

it('takes as many as asked and there are, each once', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.nat(12), fc.integer(), (size, count, seed) => {
      const from = Array.from({ length: size }, (_, i) => i)
      const taken = sample(from, count, seeded(seed))
      expect(taken).toHaveLength(Math.min(size, count))
      expect(new Set(taken).size).toBe(taken.length)
      expect(taken.every((one) => from.includes(one))).toBe(true)
    }),
  )
})

it('takes everybody equally often', () => {
  const from = Array.from({ length: 20 }, (_, i) => i)
  const counts = new Array<number>(20).fill(0)
  const fraction = seeded(7)
  for (let round = 0; round < 10_000; round++) {
    for (const one of sample(from, 8, fraction)) counts[one] = (counts[one] ?? 0) + 1
  }
  // Expected 4000 each, standard deviation 49.
  for (const count of counts) expect(Math.abs(count - 4000)).toBeLessThan(250)
})

it('[SG7] prefers those who are not known, and falls back to all', () => {
  const from = ['a', 'b', 'c', 'd']
  expect(sampleUnknown(from, new Set(['a', 'b', 'c']), 8, () => 0)).toEqual(['d'])
  expect([...sampleUnknown(from, new Set(from), 8, () => 0)].sort()).toEqual(from)
})
