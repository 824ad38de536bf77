import type { KeyId, RoomId } from '@parley/protocol'
import { expect, it } from 'vitest'
import { KeyPlaces } from './key-places.ts'

const R = 'r' as RoomId
const S = 's' as RoomId
const K = 'k' as KeyId

it('[SG20] gives a key so many places in each room, and takes them back', () => {
  const places = new KeyPlaces(2)
  const free = places.take(R, K)
  expect(places.take(R, K)).not.toBeNull()
  expect(places.take(R, K)).toBeNull()
  expect(places.take(S, K)).not.toBeNull()
  expect(places.take(R, 'l' as KeyId)).not.toBeNull()
  free?.()
  expect(places.take(R, K)).not.toBeNull()
  expect(places.take(R, K)).toBeNull()
})

it('forgets whoever is gone', () => {
  const places = new KeyPlaces(2)
  for (const free of [places.take(R, K), places.take(R, K), places.take(S, K)]) free?.()
  expect(places.size).toBe(0)
})
