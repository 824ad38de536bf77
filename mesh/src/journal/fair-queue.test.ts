import { describe, expect, it } from 'vitest'
import { FairQueue } from './fair-queue.ts'

const [FLOOD, TYPIST, OTHER] = [{ name: 'flood' }, { name: 'typist' }, { name: 'other' }]
const item = (from: object, costMs = 1, byteCount = 100) => ({ from, costMs, byteCount })

function filled(...items: ReturnType<typeof item>[]) {
  const queue = new FairQueue<ReturnType<typeof item>>()
  for (const one of items) queue.add(one)
  return queue
}

const flood = (count: number, costMs = 1) => Array.from({ length: count }, () => item(FLOOD, costMs))

describe('what waits from several links', () => {
  it('[WK2] of one link is taken in its order', () => {
    const items = flood(1_000)
    const queue = filled(...items)
    const taken = Array.from({ length: 20 }, () => queue.take(64, 1_000)).flat()
    expect(taken).toEqual(items)
    expect(taken.every((one, i) => one === items[i])).toBe(true)
    expect([queue.count, queue.byteCountOf(FLOOD)]).toEqual([0, 0])
  })

  it('[WK2] of whoever has sent little comes next, however much of another waits', () => {
    const queue = filled(...flood(4_000))
    for (const before of [0, 1, 64, 500]) {
      for (let i = 0; i < before; i++) queue.take(1, 1)
      queue.add(item(TYPIST))
      expect(queue.take(2, 10).map(({ from }) => from)).toContain(TYPIST)
    }
  })

  it('[WK2] of two at full speed is taken alike by cost, not by count', () => {
    const queue = filled(...flood(2_000, 4), ...Array.from({ length: 2_000 }, () => item(OTHER, 1)))
    const taken = queue.take(1_000, 1_000_000)
    const costOf = (from: object) =>
      taken.filter((one) => one.from === from).reduce((sum, { costMs }) => sum + costMs, 0)
    expect(Math.abs(costOf(FLOOD) - costOf(OTHER))).toBeLessThanOrEqual(4)
    expect(costOf(FLOOD)).toBeGreaterThan(700)
  })

  it('[WK2] with pauses gains nothing: served work is remembered until others have had as much', () => {
    const queue = filled(...flood(10, 10), item(OTHER, 1))
    queue.take(11, 1_000)
    // All was served; then both come back at once, the dear one first.
    for (let i = 0; i < 50; i++) {
      queue.add(item(FLOOD, 1))
      queue.add(item(OTHER, 1))
    }
    expect(queue.take(10, 1_000).filter(({ from }) => from === FLOOD)).toEqual([])
    expect(queue.take(10, 1_000).filter(({ from }) => from === FLOOD)).toHaveLength(5)
  })

  it('[WK2] is taken in batches of bounded cost, of one item at least', () => {
    const queue = filled(...flood(100, 5))
    expect(queue.take(64, 16)).toHaveLength(4)
    expect(queue.take(64, 1)).toHaveLength(1)
    expect(queue.take(2, 100)).toHaveLength(2)
  })

  it('of a link that is gone can be thrown away', () => {
    const queue = filled(...flood(70), item(TYPIST))
    queue.take(10, 100)
    expect(queue.drop(FLOOD).length).toBe(61)
    expect(queue.drop(FLOOD)).toEqual([])
    expect(queue.count).toBe(queue.take(99, 99).length)
    expect(queue.byteCountOf(FLOOD)).toBe(0)
  })
})
