/** The contract of {@link RoomDirectory}, for every implementation and one or several instances. */
import { randomBytes } from 'node:crypto'
import { type PeerId, type RoomId, toBase64Url } from '@parley/protocol'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { newInstance, newPeerOf } from './instances/instance-messages.ts'
import { RedisRooms } from './instances/redis-rooms.ts'
import { SpanningRooms } from './instances/spanning-rooms.ts'
import { LocalRooms } from './room-directory.ts'
import { RoomRegistry } from './room-registry.ts'
import { MemoryDeployment, MemorySharedRooms } from './testing/memory-shared-rooms.ts'
import { RedisProcess, whyNoRedis } from './testing/redis-process.ts'
import { enter, type House, Mailbox } from './testing/rooms-house.ts'

const MOST = 40
const ROOM = toBase64Url(new Uint8Array(32)) as RoomId
const OTHER = toBase64Url(new Uint8Array(32).fill(1)) as RoomId
const bytes = (count: number) => new Uint8Array(randomBytes(count))

async function local(): Promise<House> {
  const mailbox = new Mailbox()
  const registry = new RoomRegistry(MOST)
  const newPeer = () => toBase64Url(bytes(16)) as PeerId
  const rooms = new LocalRooms(registry, mailbox.deliver, newPeer, Math.random)
  const isEmpty = async () => registry.roomCount === 0
  return { instances: [rooms], mailbox, most: MOST, isEmpty, close: async () => undefined }
}

function spanning(registry: RoomRegistry, mailbox: Mailbox, shared: RedisRooms | MemorySharedRooms) {
  const newPeer = () => newPeerOf(shared.instance, bytes)
  return new SpanningRooms(
    { rooms: registry, deliver: mailbox.deliver, newPeer, fraction: Math.random },
    shared,
  )
}

async function inMemory(count: number): Promise<House> {
  const mailbox = new Mailbox()
  const deployment = new MemoryDeployment()
  const registries = Array.from({ length: count }, () => new RoomRegistry(MOST))
  const instances = registries.map((registry) =>
    spanning(registry, mailbox, new MemorySharedRooms(deployment, newInstance(bytes), MOST)),
  )
  const isEmpty = async () =>
    registries.every(({ roomCount }) => roomCount === 0) &&
    [...deployment.rooms.values()].every(({ size }) => size === 0)
  return { instances, mailbox, most: MOST, isEmpty, close: async () => undefined }
}

async function overRedis(count: number): Promise<House> {
  const process = await RedisProcess.start()
  const mailbox = new Mailbox()
  const registries = Array.from({ length: count }, () => new RoomRegistry(MOST))
  const limits = { peersPerRoom: MOST, instanceHeartbeatMs: 50, instanceTtlMs: 5_000 }
  const shared = registries.map(
    () =>
      new RedisRooms({
        url: process.url,
        instance: newInstance(bytes),
        limits,
        listener: { topics: () => [], published: () => undefined },
        log: () => undefined,
        nowMs: () => performance.now(),
      }),
  )
  const instances = registries.map((registry, i) => spanning(registry, mailbox, shared[i] as RedisRooms))
  await expect
    .poll(() => shared.every((one) => shared.every((other) => one.reaches(other.instance))))
    .toBe(true)
  const probe = new Redis(process.url)
  return {
    instances,
    mailbox,
    most: MOST,
    // Commands of a connection are answered in order, and those of others before the next poll.
    isEmpty: async () =>
      registries.every(({ roomCount }) => roomCount === 0) && (await probe.keys('parley:*:*')).length === 0,
    async close() {
      probe.disconnect()
      for (const one of shared) await one.close()
      await process.kill()
    },
  }
}

const why = whyNoRedis()
const HOUSES: readonly (readonly [string, string | null, () => Promise<House>])[] = [
  ['in memory', null, local],
  ['spanning 1 instance in memory', null, () => inMemory(1)],
  ['spanning 3 instances in memory', null, () => inMemory(3)],
  ['spanning 1 instance over Redis', why, () => overRedis(1)],
  ['spanning 3 instances over Redis', why, () => overRedis(3)],
]

describe.each(HOUSES)('rooms %s', (name, reason, build) => {
  let house: House
  afterEach(() => house?.close())
  const at = (i: number) => house.instances[i % house.instances.length] as LocalRooms
  const test = (title: string, run: () => Promise<void>) =>
    it.skipIf(reason !== null)(reason === null ? title : `${title} (${name}: ${reason})`, async () => {
      house = await build()
      await run()
    })

  test('[SG6] [SG17] introduce a newcomer to at most 8 others of any instance, who are told', async () => {
    const entered: { peer: PeerId; others: readonly PeerId[] }[] = []
    for (let i = 0; i < 30; i++) {
      const one = await enter(at(i), ROOM)
      expect(one.others).toHaveLength(Math.min(i, 8))
      expect(new Set(one.others).size).toBe(one.others.length)
      for (const other of one.others) expect(entered.map(({ peer }) => peer)).toContain(other)
      entered.push(one)
    }
    const last = entered.at(-1)
    for (const other of last?.others ?? []) {
      await house.mailbox.until((to, m) => to === other && m.type === 'introduce' && m.peer === last?.peer)
    }
  })

  test('[SG8] [SG17] hand a signal to the one it is for, in the same room only', async () => {
    const [a, b, c] = [await enter(at(0), ROOM), await enter(at(1), ROOM), await enter(at(2), OTHER)]
    expect(at(0).signal(ROOM, a.peer, b.peer, 'abcd')).toBe(true)
    at(0).signal(ROOM, a.peer, c.peer, 'lost')
    expect(at(0).signal(ROOM, a.peer, 'N'.repeat(22) as PeerId, 'lost')).toBe(false)
    at(0).signal(ROOM, a.peer, b.peer, 'last')
    await house.mailbox.until((to, m) => to === b.peer && m.type === 'signal' && m.sealed === 'last')
    const signals = house.mailbox.of(b.peer).filter(({ type }) => type === 'signal')
    expect(signals).toEqual(['abcd', 'last'].map((sealed) => ({ type: 'signal', from: a.peer, sealed })))
    expect(house.mailbox.of(c.peer)).toEqual([])
  })

  test('[SG9] [SG17] tell those who were introduced when one goes, and keep nothing of it', async () => {
    const [a, b] = [await enter(at(0), ROOM), await enter(at(1), ROOM)]
    await house.mailbox.until((to, m) => to === a.peer && m.type === 'introduce')
    at(1).leave(ROOM, b.peer)
    await house.mailbox.until((to, m) => to === a.peer && m.type === 'left' && m.peer === b.peer)
    at(0).leave(ROOM, a.peer)
    await expect.poll(() => house.isEmpty()).toBe(true)
    expect(house.mailbox.of(b.peer).filter(({ type }) => type === 'left')).toEqual([])
  })

  test('[SG11] [SG17] are full at their limit over all instances, and not before', async () => {
    const peers: PeerId[] = []
    for (let i = 0; i < house.most; i++) peers.push((await enter(at(i), ROOM)).peer)
    await expect(enter(at(1), ROOM)).rejects.toThrow('full')
    await expect(enter(at(0), ROOM)).rejects.toThrow('full')
    at(0).leave(ROOM, peers[0] as PeerId)
    await expect
      .poll(() =>
        enter(at(1), ROOM).then(
          () => 'in',
          () => 'full',
        ),
      )
      .toBe('in')
  })

  test('[SG7] [SG17] name others when asked for more, until everybody is known', async () => {
    const [one, ...others] = await Promise.all(Array.from({ length: 30 }, (_, i) => enter(at(i), ROOM)))
    const me = one?.peer as PeerId
    const known = new Set<PeerId>(others.flatMap(({ peer, others: met }) => (met.includes(me) ? [peer] : [])))
    for (const other of one?.others ?? []) known.add(other)
    for (let round = 0; known.size < 29; round++) {
      expect(round).toBeLessThan(30)
      const sampled = await at(0).sample(ROOM, me)
      expect(sampled.length).toBeGreaterThan(0)
      expect(sampled.length).toBeLessThanOrEqual(8)
      expect(sampled).not.toContain(me)
      at(0).introduce(ROOM, me, sampled)
      for (const peer of sampled) known.add(peer)
    }
    expect(await at(0).sample(ROOM, me)).toHaveLength(8)
  })
})
