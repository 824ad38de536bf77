import {
  fromBase64Url,
  type PeerId,
  type ServerMessage,
  signalingProofMessage,
  toBase64Url,
  type Verify,
} from '@parley/protocol'
import { type TestMember, testRoom } from '@parley/protocol/testing'
import { describe, expect, it } from 'vitest'
import type { ArchivistPort } from './archivist-link.ts'
import { KeyPlaces } from './key-places.ts'
import { LocalRooms } from './room-directory.ts'
import { RoomRegistry } from './room-registry.ts'
import { type Effect, Session } from './session.ts'
import { Admission, type AdmissionKind } from './tokens/admission.ts'
import type { VerifyToken } from './tokens/operator-token.ts'
import { type IceSource, NO_ICE } from './turn/ice-servers.ts'
import { verifyEd25519 } from './verify.ts'

const HOST = 'parley.example'
const START_MS = 1_700_000_000_000
const room = testRoom('session')
const owner = await room.device('owner')
const REFUSED = { type: 'refuse', code: 4401, reason: 'not admitted to this room' }

/** A token of these tests is its end, and admits everywhere. */
const verifyToken: VerifyToken = async (token) =>
  Number(token) > START_MS ? { ok: true, rooms: ['*'], untilMs: Number(token) } : { ok: false, fault: 'time' }

/** One server's worth of sessions, a clock that stands still, and counted "random" bytes. */
interface HouseOptions {
  ice?: IceSource
  verify?: Verify
  mayTakePlace?: boolean
  connectionsPerKey?: number
  archivist?: ArchivistPort
  admission?: AdmissionKind
}

function makeHouse(options: HouseOptions = {}) {
  const clock = { nowMs: START_MS }
  let drawn = 0
  const rooms = new RoomRegistry(1000)
  const delivered: (readonly [PeerId, ServerMessage])[] = []
  const newPeer = () => String(++drawn).padStart(22, 'p') as PeerId
  const directory = new LocalRooms(
    rooms,
    (to, message) => delivered.push([to, message]),
    newPeer,
    () => 0,
  )
  const context = {
    hosts: ['localhost:8787', HOST],
    ice: options.ice ?? NO_ICE,
    messagesPerSecond: 30,
    expiryGraceMs: 20_000,
    rooms: directory,
    admission: new Admission(options.admission ?? 'grant', verifyToken, () => undefined),
    archivist: options.archivist ?? null,
    keyPlaces: new KeyPlaces(options.connectionsPerKey ?? 1000),
    verify: options.verify ?? verifyEd25519,
    verifyGrant: options.verify ?? verifyEd25519,
    nowMs: () => clock.nowMs,
    randomBytes: (count: number) => new Uint8Array(count).fill(++drawn),
  }
  const open = () => {
    const effects: Effect[] = []
    const session = new Session(
      context,
      (effect) => effects.push(effect),
      () => options.mayTakePlace ?? true,
    )
    return { session, effects }
  }
  return { clock, rooms, delivered, open }
}

const helloText = (member: TestMember) =>
  JSON.stringify({ type: 'hello', v: 1, room: room.roomId, chain: toBase64Url(member.chainBytes) })

function proofText(effects: readonly Effect[], member: TestMember, host = HOST): string {
  const sent = effects.at(-1)
  if (sent?.type !== 'send' || sent.message.type !== 'challenge') throw new Error('no challenge')
  const nonce = fromBase64Url(sent.message.nonce) as Uint8Array
  const signature = member.key.sign(signalingProofMessage(host, nonce, room.roomId))
  return JSON.stringify({ type: 'proof', signature: toBase64Url(signature) })
}

async function proven(house: ReturnType<typeof makeHouse>, member: TestMember) {
  const { session, effects } = house.open()
  await session.handleText(helloText(member))
  await session.handleText(proofText(effects, member))
  const peer = effects.find((effect) => effect.type === 'proven')?.peer as PeerId
  return { session, effects, peer }
}

describe('a session', () => {
  it('[SG16] [TN1] mints TURN credentials for the proven key, and renews them before they expire', async () => {
    const turn = { urls: ['turn:{host}:3478'], secret: 'a-secret-for-tests-alone' }
    const house = makeHouse({ ice: { ...NO_ICE, turn } })
    const { session, effects } = await proven(house, owner)
    const iceServers = () => {
      const sent = effects.at(-1)
      return sent?.type === 'send' && 'iceServers' in sent.message ? sent.message.iceServers : null
    }
    const user = (endMs: number) => `${Math.floor(endMs / 1000)}:${owner.key.keyId.slice(0, 16)}`
    expect(iceServers()).toMatchObject([
      { urls: ['turn:parley.example:3478'], username: user(START_MS + 600_000) },
    ])
    const { length } = effects
    house.clock.nowMs += 290_000
    session.handleHeartbeat()
    expect(effects).toHaveLength(length)
    house.clock.nowMs += 20_000
    session.handleHeartbeat()
    expect(effects.at(-1)).toMatchObject({ message: { type: 'ice' } })
    expect(iceServers()).toMatchObject([{ username: user(START_MS + 910_000) }])
  })

  it('[AR8] tells within a heartbeat that an archivist came, changed its key or went, and each once', async () => {
    let agreement: string | null = null
    const house = makeHouse({ archivist: { agreement: () => agreement, keep: async () => true } })
    const { session, effects } = await proven(house, owner)
    const told = () => effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : [])).slice(2)
    session.handleHeartbeat()
    expect(told()).toEqual([])
    for (const key of ['a'.repeat(43), 'b'.repeat(43), null]) {
      agreement = key
      session.handleHeartbeat()
      session.handleHeartbeat()
      expect(told().at(-1)).toEqual({ type: 'archivist', agreement: key })
    }
    expect(told()).toHaveLength(3)
  })

  it('goes from greeting to proven', async () => {
    const house = makeHouse()
    const { session, effects, peer } = await proven(house, owner)
    expect(session.stage).toBe('proven')
    expect(effects.map(({ type }) => type)).toEqual(['send', 'proven', 'send'])
    expect(house.rooms.has(room.roomId, peer)).toBe(true)
  })

  it('[SG9] tells those who were introduced, and nobody else, that it left', async () => {
    const house = makeHouse()
    const members = await Promise.all(Array.from({ length: 10 }, () => owner))
    const sessions: Awaited<ReturnType<typeof proven>>[] = []
    for (const member of members) sessions.push(await proven(house, member))
    const last = sessions.at(-1) as (typeof sessions)[0]
    const introduced = house.delivered.flatMap(([to, message]) =>
      message.type === 'introduce' && message.peer === last.peer ? [to] : [],
    )
    expect(introduced).toHaveLength(8)
    last.session.handleClosed()
    last.session.handleClosed()
    const left = house.delivered.filter(([, message]) => message.type === 'left')
    expect(left.map(([to]) => to).sort()).toEqual(introduced.sort())
    expect(house.rooms.has(room.roomId, last.peer)).toBe(false)
  })

  it('[SG4] [F4] makes a nonce good for one try', async () => {
    const { session, effects } = makeHouse().open()
    await session.handleText(helloText(owner))
    const right = proofText(effects, owner)
    await session.handleText(proofText(effects, owner, 'evil.example'))
    expect(effects.at(-1)).toEqual({ ...REFUSED, why: 'proof' })
    const { length } = effects
    await session.handleText(right)
    expect(effects).toHaveLength(length)
    expect(session.stage).toBe('closed')
  })

  it('[F10] takes nothing while a signature is being checked', async () => {
    const { session, effects } = makeHouse().open()
    const first = session.handleText(helloText(owner))
    await session.handleText(helloText(owner))
    await first
    expect(effects).toEqual([
      { type: 'refuse', code: 4400, reason: 'message out of order', why: 'out-of-order' },
    ])
  })

  it('leaves no trace of a client that goes while its proof is checked', async () => {
    const house = makeHouse()
    const { session, effects } = house.open()
    await session.handleText(helloText(owner))
    const proving = session.handleText(proofText(effects, owner))
    session.handleClosed()
    await proving
    expect(house.rooms.roomCount).toBe(0)
    expect(effects.map(({ type }) => type)).toEqual(['send'])
  })

  it('refuses when the address has no place left, before it joins', async () => {
    const house = makeHouse({ mayTakePlace: false })
    const { effects } = await proven(house, owner)
    expect(effects.at(-1)).toMatchObject({ type: 'refuse', code: 4429, why: 'address-full' })
    expect(house.rooms.roomCount).toBe(0)
  })

  it('rejects on a fault of its own instead of admitting', async () => {
    const house = makeHouse({ verify: () => Promise.reject(new Error('no entropy')) })
    const { session } = house.open()
    await expect(session.handleText(helloText(owner))).rejects.toThrow('no entropy')
    expect(session.stage).toBe('checking')
  })

  it('[F16] times out before the proof only', async () => {
    const house = makeHouse()
    const { session, effects } = house.open()
    session.handleProveTimeout()
    expect(effects).toMatchObject([{ type: 'refuse', code: 4408 }])
    const other = await proven(house, owner)
    other.session.handleProveTimeout()
    expect(other.session.stage).toBe('proven')
  })
})

describe('[F17] a grant that ends', () => {
  const until = (name: string, afterMs: number) =>
    room.device('viewer', name, { notAfterMs: START_MS + afterMs })

  it('is refused from its last moment on', async () => {
    const house = makeHouse()
    const guest = await until('guest', 1000)
    house.clock.nowMs = START_MS + 1000
    const { session, effects } = house.open()
    await session.handleText(helloText(guest))
    expect(effects).toEqual([{ ...REFUSED, why: 'expired' }])
  })

  it('[SG12] closes after the grace, at the next heartbeat', async () => {
    const house = makeHouse()
    const { session, effects } = await proven(house, await until('guest', 1000))
    house.clock.nowMs = START_MS + 21_000
    session.handleHeartbeat()
    expect(session.stage).toBe('proven')
    house.clock.nowMs++
    session.handleHeartbeat()
    expect(effects.at(-1)).toEqual({ ...REFUSED, why: 'expired' })
  })

  it('[SG12] is extended by a new one to the same key', async () => {
    const house = makeHouse()
    const { session } = await proven(house, await until('guest', 1000))
    const renewed = await until('guest', 100_000)
    await session.handleText(JSON.stringify({ type: 'renew', chain: toBase64Url(renewed.chainBytes) }))
    house.clock.nowMs = START_MS + 90_000
    session.handleHeartbeat()
    expect(session.stage).toBe('proven')
  })

  it('[SG12] is not extended by one to another key, an ended one, or none', async () => {
    const other = await until('other', 100_000)
    const ended = await until('guest', -1)
    const renewals = [{ chain: toBase64Url(other.chainBytes) }, { chain: toBase64Url(ended.chainBytes) }, {}]
    const codes: number[] = []
    for (const renewal of renewals) {
      const { session, effects } = await proven(makeHouse(), await until('guest', 1000))
      await session.handleText(JSON.stringify({ type: 'renew', ...renewal }))
      const last = effects.at(-1)
      if (last?.type === 'refuse') codes.push(last.code)
    }
    expect(codes).toEqual([4401, 4401, 4400])
  })
})

describe('[SG19] a token that ends', () => {
  const guest = () => room.device('viewer', 'guest', { notAfterMs: START_MS + 1000 })
  const start = async (admission: AdmissionKind, endMs: number) => {
    const house = makeHouse({ admission })
    const { session, effects } = house.open()
    const hello = JSON.parse(helloText(await guest())) as object
    await session.handleText(JSON.stringify({ ...hello, token: String(endMs) }))
    await session.handleText(proofText(effects, await guest()))
    const stageAt = (ms: number) => {
      house.clock.nowMs = START_MS + ms
      session.handleHeartbeat()
      return session.stage
    }
    return { session, stageAt }
  }

  it.each([
    ['token', 5000, 25_000],
    ['both', 500, 20_500],
    ['both', 5000, 21_000],
  ] as const)('with %s and an end after %i ms closes after %i ms', async (admission, endMs, closedMs) => {
    const { stageAt } = await start(admission, START_MS + endMs)
    expect([stageAt(closedMs), stageAt(closedMs + 1)]).toEqual(['proven', 'closed'])
  })

  it('is extended by a new one, and the chain by a new chain, each for itself', async () => {
    const { session, stageAt } = await start('both', START_MS + 500)
    const { chainBytes } = await room.device('viewer', 'guest', { notAfterMs: START_MS + 90_000 })
    await session.handleText(JSON.stringify({ type: 'renew', token: String(START_MS + 50_000) }))
    expect(stageAt(20_999)).toBe('proven')
    await session.handleText(JSON.stringify({ type: 'renew', chain: toBase64Url(chainBytes) }))
    expect([stageAt(70_000), stageAt(70_001)]).toEqual(['proven', 'closed'])
  })
})

it('[SG20] gives the place of a key back when the client goes while the room is entered', async () => {
  const house = makeHouse({ connectionsPerKey: 1 })
  const { session, effects } = house.open()
  await session.handleText(helloText(owner))
  const proving = session.handleText(proofText(effects, owner))
  session.handleClosed()
  await proving
  expect((await proven(house, owner)).session.stage).toBe('proven')
  const { effects: second } = await proven(house, owner)
  expect(second.at(-1)).toMatchObject({ type: 'refuse', code: 4429, why: 'key-full' })
})
