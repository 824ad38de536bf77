import { createRoomOn, defaultPlatform, type Room, sealLink } from '@parley/mesh'
import { toBase64Url } from '@parley/protocol'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { RoomKeeper, type Signer } from './room-keeper.ts'
import { keepersOf, type Share, WHOLE } from './share.ts'
import { Ends, FAR_MS, invite } from './testing/house.ts'

const ends = new Ends()
let identity: Signer
beforeAll(async () => {
  identity = await defaultPlatform().keyring.fromSeeds(new Uint8Array(32).fill(1), new Uint8Array(32).fill(2))
})
afterEach(() => ends.run())

function makeKeeper(options: { share?: Share; maxRooms?: number } = {}) {
  const events: string[] = []
  let failureCount = 0
  const keeper = new RoomKeeper({
    platform: defaultPlatform(),
    signaling: [],
    identity,
    operatorToken: null,
    share: options.share ?? WHOLE,
    maxRooms: options.maxRooms ?? 10,
    log: (_level, event) => void events.push(event),
    roomFailed: () => failureCount++,
  })
  ends.add(keeper, (one) => one.close())
  return { keeper, events, failures: () => failureCount }
}

async function roomOffline(): Promise<Room> {
  const profile = { name: 'Ada', color: '#336699' }
  const room = await createRoomOn(defaultPlatform(), { signaling: [], profile })
  return ends.add(room, (one) => one.close())
}

async function sealed(link: string, key: Uint8Array = identity.agreementKey): Promise<string> {
  return toBase64Url(await sealLink(defaultPlatform(), key, link))
}

describe('the keeper of rooms', () => {
  it('[AR9] keeps a room by a link that was sealed for it, once', async () => {
    const { keeper, events } = makeKeeper()
    const room = await roomOffline()
    const link = await sealed(await invite(room, 'archivist'))
    const both = await Promise.all([keeper.keep(room.id, link), keeper.keep(room.id, link)])
    const kept = { room: room.id.slice(0, 22), sighted: false }
    expect(both).toEqual([kept, kept])
    expect(events).toEqual(['room-kept'])
    expect(keeper.get(room.id.slice(0, 22))?.id).toBe(room.id)
    expect(keeper.totals()).toEqual({ linkCount: 0, entryCount: 0, entryBytes: 0 })
  })

  it('[AR9] refuses what was sealed for another, of another room, for people, or of another share', async () => {
    const [room, other] = [await roomOffline(), await roomOffline()]
    const link = await invite(room, 'archivist')
    const { keeper } = makeKeeper()
    const stranger = await defaultPlatform().keyring.fromSeeds(new Uint8Array(32), new Uint8Array(32).fill(3))
    await expect(keeper.keep(room.id, await sealed(link, stranger.agreementKey))).rejects.toThrow('sealed')
    await expect(keeper.keep(room.id, 'AAAA')).rejects.toThrow('sealed')
    await expect(keeper.keep(other.id, await sealed(link))).rejects.toThrow('not one of this room')
    await expect(keeper.keep(room.id, await sealed('https://parley.test/'))).rejects.toThrow(
      'not one of this room',
    )
    await expect(keeper.keep(room.id, await sealed(await invite(room, 'editor')))).rejects.toThrow(
      'archivist',
    )
    expect(keeper.names.size).toBe(0)
    const [ours = 0] = keepersOf(room.id, { count: 2, copies: 1 })
    const elsewhere = makeKeeper({ share: { index: 3 - ours, count: 2, copies: 1 } }).keeper
    await expect(elsewhere.keep(room.id, await sealed(link))).rejects.toThrow('share')
    // Whoever runs it may add any room by hand.
    await elsewhere.add(link)
    await makeKeeper({ share: { index: ours, count: 2, copies: 1 } }).keeper.keep(room.id, await sealed(link))
  })

  it('[AR10] is sighted or blind as the latest link says, and stays as it is by one that does not hold', async () => {
    const { keeper, events } = makeKeeper()
    const room = await roomOffline()
    const name = room.id.slice(0, 22)
    const sightedBy = async (notAfterMs: number) =>
      (await room.createInvite('https://parley.test/', { role: 'archivist', sighted: true, notAfterMs })).link
    const sight = () => keeper.get(name)?.sight !== null
    await keeper.add(await invite(room, 'archivist'))
    expect([keeper.get(name)?.id, sight()]).toEqual([room.id, false])
    await expect(keeper.add(await sightedBy(Date.now() - 1))).rejects.toThrow('ended')
    expect([keeper.get(name)?.id, sight()]).toEqual([room.id, false])
    const link = await sightedBy(FAR_MS)
    expect(await keeper.add(link)).toEqual({ room: name, sighted: true })
    expect(sight()).toBe(true)
    const falseKey = link.replace(/&k=[\w-]{10}/, '&k=AAAAAAAAAA')
    await keeper.add(link, true)
    expect(sight()).toBe(false)
    await expect(keeper.add(falseKey)).rejects.toThrow('the key in the link')
    expect(sight()).toBe(false)
    expect(events.filter((event) => event === 'room-kept')).toHaveLength(3)
  })

  it('takes no more rooms than it has places, and has one again when one goes', async () => {
    const { keeper } = makeKeeper({ maxRooms: 1 })
    const [one, two] = [await roomOffline(), await roomOffline()]
    const links = [await invite(one, 'archivist'), await invite(two, 'archivist')] as const
    await keeper.add(links[0])
    await expect(keeper.add(links[1])).rejects.toThrow('no room is left')
    await keeper.add(links[0])
    await keeper.release(one.id.slice(0, 22))
    await keeper.add(links[1])
    expect([...keeper.names]).toEqual([two.id.slice(0, 22)])
  })

  it('leaves a room that cannot be opened aside, and says so', async () => {
    const { keeper, events, failures } = makeKeeper()
    await keeper.openAll(['x'.repeat(22)])
    expect(keeper.failureOf('x'.repeat(22))).toContain('no such room')
    expect(events).toEqual(['room-failed'])
    expect(failures()).toBe(1)
    await keeper.close()
    await expect(keeper.add('https://parley.test/#x')).rejects.toThrow()
  })
})
