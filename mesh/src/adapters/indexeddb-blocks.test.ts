import { concatBytes } from '@parley/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BLOCK_BYTES, BLOCK_ENTRIES, packEntries, planFold, unpackEntries } from './indexeddb-blocks.ts'

const entry = (n: number, length = 8) => {
  const bytes = new Uint8Array(length)
  new DataView(bytes.buffer).setUint32(0, n)
  return bytes
}
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => entry(from + i))

/** The blocks after a fold, as the database would hold them. */
function fold(blocks: readonly unknown[], tail: readonly unknown[]): unknown[] {
  const plan = planFold(blocks.at(-1), tail)
  return [...(plan.replacesLast ? blocks.slice(0, -1) : blocks), ...plan.blocks]
}
const entriesOf = (blocks: readonly unknown[]) => blocks.flatMap((block) => [...unpackEntries(block).entries])

describe('packed blocks', () => {
  it('give back what was packed, empty entries included', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (entries) => {
        expect(unpackEntries(packEntries(entries))).toEqual({ entries, damaged: false })
      }),
    )
  })

  it('keep what precedes the damage and say that there is some', () => {
    const packed = packEntries([entry(1), entry(2), entry(3)])
    expect(unpackEntries(packed.subarray(0, packed.length - 1))).toEqual({
      entries: [entry(1), entry(2)],
      damaged: true,
    })
    expect(unpackEntries(null)).toEqual({ entries: [], damaged: true })
  })
})

describe('planFold', () => {
  it('keeps order and loses nothing, however appends and folds alternate', () => {
    const tails = fc.array(fc.array(fc.nat(400), { maxLength: 6 }), { maxLength: 12 })
    fc.assert(
      fc.property(tails, (folds) => {
        let next = 0
        let blocks: unknown[] = []
        for (const sizes of folds) {
          const tail = sizes.map((size) => {
            next += size
            return packEntries(range(next - size, next))
          })
          blocks = fold(blocks, tail)
        }
        expect(concatBytes(...entriesOf(blocks))).toEqual(concatBytes(...range(0, next)))
        for (const block of blocks.slice(0, -1))
          expect(unpackEntries(block).entries.length).toBe(BLOCK_ENTRIES)
      }),
      { numRuns: 30 },
    )
  })

  it('starts a new block when the last one has its bytes', () => {
    const half = BLOCK_BYTES / 2
    const blocks = fold(fold([], [packEntries([entry(1, half), entry(2, half)])]), [packEntries([entry(3)])])
    expect(blocks.map((block) => unpackEntries(block).entries.length)).toEqual([2, 1])
  })

  it('keeps one of the entries that two tabs stored, in the tail and against the last block', () => {
    const first = fold([], [packEntries(range(0, 3)), packEntries(range(0, 3))])
    expect(entriesOf(first)).toEqual(range(0, 3))
    expect(entriesOf(fold(first, [packEntries(range(2, 5))]))).toEqual(range(0, 5))
  })

  it('keeps different entries of the same length and end', () => {
    const a = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0)
    const b = Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0)
    expect(entriesOf(fold([], [packEntries([a, b])]))).toEqual([a, b])
  })

  it('[F49] leaves a damaged block and a damaged tail record as they are', () => {
    const damaged = Uint8Array.of(9, 1)
    expect(fold([damaged], [packEntries(range(0, 1)), damaged, packEntries(range(1, 2))])).toEqual([
      damaged,
      packEntries(range(0, 1)),
      damaged,
      packEntries(range(1, 2)),
    ])
  })
})
