import { describe, expect, it } from 'vitest'
import { isOurs, keepersOf, parseShare } from './share.ts'

const ROOMS = Array.from({ length: 2000 }, (_, at) => `room-${at}`.padEnd(43, 'x'))

describe('shares', () => {
  it('[AR9] give every room to as many archivists as copies are wanted, about evenly', () => {
    const counts = [1, 2, 3].map(
      (index) => ROOMS.filter((room) => isOurs(room, { index, count: 3, copies: 2 })).length,
    )
    expect(counts.reduce((sum, count) => sum + count)).toBe(2 * ROOMS.length)
    for (const count of counts) expect(Math.abs(count - (2 * ROOMS.length) / 3)).toBeLessThan(100)
  })

  it('[AR9] move only the rooms that one archivist more takes over', () => {
    const before = ROOMS.map((room) => keepersOf(room, { count: 3, copies: 1 })[0])
    const after = ROOMS.map((room) => keepersOf(room, { count: 4, copies: 1 })[0])
    const moved = after.filter((keeper, at) => keeper !== before[at])
    expect(new Set(moved)).toEqual(new Set([4]))
    expect(Math.abs(moved.length - ROOMS.length / 4)).toBeLessThan(100)
  })

  it('[AR9] are the same on every machine and in every version', () => {
    expect(keepersOf('A'.repeat(43), { count: 5, copies: 5 })).toEqual([4, 2, 1, 3, 5])
  })

  it.each([
    ['1/1', { index: 1, count: 1 }],
    ['2/3', { index: 2, count: 3 }],
    ['0/3', null],
    ['4/3', null],
    ['1', null],
    ['1/0', null],
    ['-1/3', null],
    ['1/1000', null],
  ])('read %s', (text, share) => expect(parseShare(text)).toEqual(share))
})
