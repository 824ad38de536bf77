import type { PeerId, RoomId } from '@parley/protocol'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RoomRegistry } from './room-registry.ts'

const R = 'r' as RoomId
const S = 's' as RoomId
const peer = (name: string | number) => String(name) as PeerId

it('keeps rooms apart, and no empty ones', () => {
  const rooms = new RoomRegistry(10)
  rooms.join(R, peer('a'))
  rooms.join(S, peer('b'))
  expect(rooms.has(R, peer('b'))).toBe(false)
  rooms.introduce(R, peer('a'), [peer('b')])
  expect(rooms.introduced(R, peer('a')).size).toBe(0)
  expect(rooms.leave(S, peer('a'))).toEqual([])
  rooms.leave(R, peer('a'))
  expect(rooms.roomCount).toBe(1)
})

it('[SG11] is full at its limit, and not before', () => {
  const rooms = new RoomRegistry(2)
  expect([1, 2, 3].map((name) => rooms.join(R, peer(name)))).toEqual([true, true, false])
  rooms.leave(R, peer(1))
  expect(rooms.join(R, peer(3))).toBe(true)
})

it('makes no room for somebody who cannot come in', () => {
  const rooms = new RoomRegistry(0)
  expect(rooms.join(R, peer(1))).toBe(false)
  expect(rooms.roomCount).toBe(0)
})

it('remembers introductions on both sides until one leaves', () => {
  const rooms = new RoomRegistry(10)
  for (const name of ['a', 'b', 'c']) rooms.join(R, peer(name))
  rooms.introduce(R, peer('a'), [peer('b'), peer('c')])
  expect(rooms.leave(R, peer('b'))).toEqual(['a'])
  expect([...rooms.introduced(R, peer('a'))]).toEqual(['c'])
})

it('agrees with a plain set, whoever comes and goes', () => {
  const step = fc.tuple(fc.boolean(), fc.nat(12))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const rooms = new RoomRegistry(100)
      const model = new Set<PeerId>()
      for (const [joins, name] of steps) {
        const one = peer(name)
        if (!joins) {
          rooms.leave(R, one)
          model.delete(one)
        } else if (!model.has(one)) {
          rooms.join(R, one)
          model.add(one)
        }
        expect([...rooms.peers(R)].sort()).toEqual([...model].sort())
      }
    }),
  )
})
