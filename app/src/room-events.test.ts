import { keyIdOf } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import type { Person, Room, RoomEvent } from './mesh-types.ts'
import { addMishap, type Mishap, TURNED_AWAY, toldOf } from './room-events.ts'

const person = (name: string, byte: number): Person => ({
  key: keyIdOf(new Uint8Array(32).fill(byte)),
  name,
  color: '#1f5fa8',
  role: 'editor',
  self: false,
  handRaised: false,
  page: null,
  path: null,
})

function roomOf(role: 'owner' | 'editor', connection: string, people: readonly Person[] = []) {
  const room = { self: { role }, state: { connection: { name: connection }, people }, members: () => [] }
  return room as unknown as Room
}

describe('what people are told', () => {
  const ada = person('Ada', 1)
  const turnedAway: RoomEvent = { type: 'link-closed', key: ada.key, reason: 'revoked', detail: '' }
  const twoVersions: RoomEvent = { type: 'equivocation', author: ada.key, name: '' }

  it('is who comes and goes, with a mark where names are alike', () => {
    const event: RoomEvent = { type: 'joined', person: ada }
    expect(toldOf(event, roomOf('owner', 'alone', [ada]))).toEqual({ announcement: 'Ada joined.' })
    const marked = toldOf({ ...event, type: 'left' }, roomOf('owner', 'alone', [ada, person('ada', 2)]))
    expect(marked).toEqual({ announcement: `Ada · ${ada.key.slice(0, 4)} left.` })
  })

  it('is that somebody turned this device away, unless others let it in', () => {
    expect(toldOf(turnedAway, roomOf('editor', 'offline'))).toEqual({ mishap: TURNED_AWAY })
    expect(toldOf(turnedAway, roomOf('editor', 'connected'))).toBeNull()
    expect(toldOf({ ...turnedAway, reason: 'normal' }, roomOf('editor', 'offline'))).toBeNull()
  })

  it('[F31] is who sent two versions of one change, by the key, to owners alone', () => {
    const told = toldOf(twoVersions, roomOf('owner', 'alone'))
    expect(JSON.stringify(told)).toContain(`Somebody without a name · ${ada.key.slice(0, 4)} sent different`)
    expect(toldOf(twoVersions, roomOf('editor', 'alone'))).toBeNull()
  })
})

it('tells one mishap once, and of many the latest three', () => {
  const of = (...texts: string[]): Mishap[] => texts.map((text) => ({ text }))
  expect(addMishap(of('a'), { text: 'a' })).toEqual(of('a'))
  expect(addMishap(of('a', 'b', 'c'), { text: 'd' })).toEqual(of('b', 'c', 'd'))
})
