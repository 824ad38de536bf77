import { describe, expect, it } from 'vitest'
import { SyncProgress } from './sync-progress.ts'

describe('the progress of receiving', () => {
  it('[SY10] is told after a while, and not any more once nothing is missing', () => {
    const progress = new SyncProgress()
    progress.received(100)
    expect(progress.update(0, 9, 1_000)).toBe(false)
    expect(progress.state).toBeNull()
    progress.received(50)
    expect(progress.update(1_000, 8, 1_000)).toBe(true)
    expect(progress.state).toEqual({ receivedCount: 2, receivedBytes: 150, missingCount: 8 })
    expect(progress.update(2_000, 8, 1_000)).toBe(false)
    expect(progress.update(3_000, 0, 1_000)).toBe(true)
    expect(progress.state).toBeNull()
  })

  it('[SY10] begins anew with the next gap, and small ones are not told', () => {
    const progress = new SyncProgress()
    for (let atMs = 0; atMs < 10_000; atMs += 1_000) {
      progress.received(1)
      expect(progress.update(atMs, atMs % 2_000 === 0 ? 1 : 0, 1_000)).toBe(false)
    }
    expect(progress.state).toBeNull()
    progress.update(20_000, 5, 1_000)
    progress.received(7)
    progress.update(21_000, 4, 1_000)
    expect(progress.state).toEqual({ receivedCount: 1, receivedBytes: 7, missingCount: 4 })
  })
})
