import { expect, it } from 'vitest'
import { ConnectionPlaces } from './connection-places.ts'

it('[F8] counts each address and stage for itself', () => {
  const places = new ConnectionPlaces({ unprovenPerAddress: 2, provenPerAddress: 1 })
  expect([1, 2, 3].map(() => places.take('a', 'unproven'))).toEqual([true, true, false])
  expect(places.take('a', 'proven')).toBe(true)
  expect(places.take('a', 'proven')).toBe(false)
  expect(places.take('b', 'unproven')).toBe(true)
  places.free('a', 'unproven')
  expect(places.take('a', 'unproven')).toBe(true)
  expect(places.total).toEqual({ unproven: 3, proven: 1 })
})

it('notices a place that is freed twice', () => {
  const places = new ConnectionPlaces({ unprovenPerAddress: 2, provenPerAddress: 1 })
  places.take('a', 'unproven')
  places.free('a', 'unproven')
  expect(() => places.free('a', 'unproven')).toThrow('no unproven place')
  expect(places.total.unproven).toBe(0)
})
