import {
  CLOSE,
  encodeChain,
  fromBase64Url,
  NEVER_MS,
  type PeerId,
  type RoomId,
  roomIdOf,
  type ServerMessage,
  SIGNALING_VERSION,
  signalingProofMessage,
  signGrant,
  toBase64Url,
} from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import type { SignalingConnection, Signer } from '../ports.ts'
import { MemorySignaling, type MemorySignalingOptions } from './memory-signaling.ts'
import { seededKeyring, seededRandom } from './seeded-crypto.ts'
import { VirtualClock } from './virtual-clock.ts'

const URL = 'ws://signal.test:8080/v1'

interface Client {
  readonly host: string
  readonly seen: ServerMessage[]
  readonly closed: number[]
  readonly connection: SignalingConnection
  peer: PeerId | null
}

async function newServer(options: Partial<MemorySignalingOptions> = {}) {
  const clock = new VirtualClock()
  const random = seededRandom('signaling')
  const keyring = seededKeyring(random)
  const server = new MemorySignaling(clock, random, { latencyMs: () => 5, keyring, ...options })
  const root = await keyring.fromSeeds(random.bytes(32), random.bytes(32))
  return { clock, random, keyring, server, root, roomId: roomIdOf(root.publicKey) }
}
type Setup = Awaited<ReturnType<typeof newServer>>

interface Claim {
  readonly signer: Signer
  readonly room: RoomId
  readonly chain: Uint8Array
  readonly proofHost: string
}

async function claimOf(setup: Setup, notAfterMs = NEVER_MS): Promise<Claim> {
  const { keyring, random, root, roomId } = setup
  const signer = await keyring.signer(await keyring.generate())
  const grant = await signGrant(
    roomId,
    root.publicKey,
    {
      subject: signer.publicKey,
      agreement: signer.agreementKey,
      role: 'viewer',
      may: 'none',
      notAfterMs,
      epoch: 0,
      nonce: random.bytes(8),
    },
    async (message) => root.sign(message),
  )
  const chain = encodeChain({ rootKey: root.publicKey, grants: [grant] })
  return { signer, room: roomId, chain, proofHost: 'signal.test:8080' }
}

/** Dials and follows the protocol up to `welcome` or refusal. */
function dial(setup: Setup, host: string, claim: Claim): Client {
  const prove = async (nonce: string) => {
    const bytes = fromBase64Url(nonce) as Uint8Array
    const signature = await claim.signer.sign(signalingProofMessage(claim.proofHost, bytes, claim.room))
    client.connection.send({ type: 'proof', signature: toBase64Url(signature) })
  }
  const hello = {
    type: 'hello',
    v: SIGNALING_VERSION,
    room: claim.room,
    chain: toBase64Url(claim.chain),
  } as const
  const connection = setup.server.dialFor(host)(URL, {
    open: () => client.connection.send(hello),
    message: (message) => {
      client.seen.push(message)
      if (message.type === 'challenge') void prove(message.nonce)
      if (message.type === 'welcome') client.peer = message.peer as PeerId
    },
    closed: (code) => client.closed.push(code),
  })
  const client: Client = { host, seen: [], closed: [], connection, peer: null }
  return client
}

async function joined(setup: Setup, host: string): Promise<Client> {
  const client = dial(setup, host, await claimOf(setup))
  await setup.clock.runUntil(() => client.peer !== null, 1000)
  return client
}

const typesOf = (client: Client) => client.seen.map((message) => message.type)

describe('MemorySignaling', () => {
  it('challenges, admits and introduces: the newcomer learns who is here, they learn of the newcomer', async () => {
    const setup = await newServer()
    const anna = await joined(setup, 'anna')
    const ben = await joined(setup, 'ben')
    await setup.clock.runFor(100)
    expect(ben.seen.at(-1)).toMatchObject({ type: 'welcome', peers: [anna.peer] })
    expect(anna.seen.at(-1)).toEqual({ type: 'introduce', peer: ben.peer })
    expect(typesOf(ben)).toEqual(['challenge', 'welcome'])
    expect(setup.server.hosts()).toEqual(['anna', 'ben'])
  })

  it('refuses a foreign chain, an expired one, another room and a proof for another host', async () => {
    const setup = await newServer()
    const other = await newServer({})
    const good = await claimOf(setup)
    const elsewhere = roomIdOf(seededRandom('elsewhere').bytes(32))
    const stranger = await setup.keyring.signer(await setup.keyring.generate())
    const claims: Claim[] = [
      { ...good, room: elsewhere },
      { ...good, chain: good.chain.map((byte, at) => (at === good.chain.length - 1 ? byte ^ 1 : byte)) },
      { ...good, signer: stranger },
      { ...good, proofHost: 'other.test' },
      await claimOf(setup, other.clock.nowMs() - 1),
    ]
    for (const claim of claims) {
      const client = dial(setup, 'mallory', claim)
      await setup.clock.runFor(200)
      expect(client.seen.at(-1)).toMatchObject({ type: 'refused', code: CLOSE.notProven })
      expect([client.closed, client.peer]).toEqual([[CLOSE.notProven], null])
    }
    expect(setup.server.hosts()).toEqual([])
  })

  it('says that the room is full', async () => {
    const setup = await newServer({ roomPeers: 1 })
    await joined(setup, 'anna')
    const ben = dial(setup, 'ben', await claimOf(setup))
    await setup.clock.runFor(200)
    expect(ben.closed).toEqual([CLOSE.full])
  })

  it('delivers a signal to the one it is for, in order, and drops those to nobody', async () => {
    const setup = await newServer({ latencyMs: seededRandom('jitter').fraction })
    const [anna, ben, cleo] = [
      await joined(setup, 'anna'),
      await joined(setup, 'ben'),
      await joined(setup, 'cleo'),
    ]
    const to = ben.peer as PeerId
    for (const sealed of ['one', 'two', 'three']) anna.connection.send({ type: 'signal', to, sealed })
    anna.connection.send({ type: 'signal', to: 'nobodynobodynobody', sealed: 'lost' })
    await setup.clock.runFor(100)
    const signals = ben.seen.filter((message) => message.type === 'signal')
    expect(signals).toEqual(
      ['one', 'two', 'three'].map((sealed) => ({ type: 'signal', from: anna.peer, sealed })),
    )
    expect(typesOf(cleo)).not.toContain('signal')
    expect(anna.closed).toEqual([])
  })

  it('names at most eight; `more` names others first, and introduces them', async () => {
    const setup = await newServer()
    const early: Client[] = []
    for (let i = 0; i < 12; i++) early.push(await joined(setup, `early${i}`))
    const late = await joined(setup, 'late')
    const welcome = late.seen.find((message) => message.type === 'welcome')
    expect(welcome?.peers).toHaveLength(8)
    late.connection.send({ type: 'more' })
    await setup.clock.runFor(100)
    const sample = late.seen.find((message) => message.type === 'sample')
    expect(sample?.peers).toHaveLength(8)
    expect(new Set([...(welcome?.peers ?? []), ...(sample?.peers ?? [])]).size).toBe(12)
    for (const client of early) {
      expect(client.seen).toContainEqual({ type: 'introduce', peer: late.peer })
    }
  })

  it('tells those who were introduced when somebody leaves, is killed, or loses the connection', async () => {
    const setup = await newServer()
    const anna = await joined(setup, 'anna')
    const leaves: ((client: Client) => void)[] = [
      (client) => client.connection.send({ type: 'leave' }),
      (client) => client.connection.close(),
      (client) => setup.server.killHost(client.host),
      (client) => setup.server.blockHost(client.host),
    ]
    const closes = [[CLOSE.normal], [CLOSE.normal], [], [1006]]
    for (const [index, leave] of leaves.entries()) {
      const guest = await joined(setup, `guest${index}`)
      leave(guest)
      await setup.clock.runFor(100)
      expect(anna.seen.at(-1)).toEqual({ type: 'left', peer: guest.peer })
      expect(guest.closed).toEqual(closes[index])
    }
  })

  it('breaks every connection when it goes down, refuses dials until it is up', async () => {
    const setup = await newServer()
    const anna = await joined(setup, 'anna')
    setup.server.down()
    const ben = dial(setup, 'ben', await claimOf(setup))
    await setup.clock.runFor(100)
    expect([anna.closed, ben.closed, ben.seen]).toEqual([[1006], [1006], []])
    setup.server.up()
    await joined(setup, 'ben')
  })

  it('lets a test play a hostile server: signals rewritten or dropped, messages forged', async () => {
    const setup = await newServer()
    const [anna, ben] = [await joined(setup, 'anna'), await joined(setup, 'ben')]
    const observed: string[] = []
    setup.server.rewriteSignal = ({ fromHost, toHost, sealed }) => {
      observed.push(`${fromHost}>${toHost}:${sealed}`)
      return sealed === 'drop' ? null : 'forged'
    }
    for (const sealed of ['real', 'drop'])
      anna.connection.send({ type: 'signal', to: ben.peer as PeerId, sealed })
    await setup.clock.runFor(100)
    expect(observed).toEqual(['anna>ben:real', 'anna>ben:drop'])
    expect(ben.seen.slice(-1)).toEqual([{ type: 'signal', from: anna.peer, sealed: 'forged' }])
  })

  it('closes with 4400 on what the protocol does not know, refuses anything before the proof', async () => {
    const setup = await newServer()
    const anna = await joined(setup, 'anna')
    anna.connection.send({ type: 'signal', to: 'x', sealed: 'y' })
    const ben: Client = dial(setup, 'ben', await claimOf(setup))
    await setup.clock.runFor(12)
    ben.connection.send({ type: 'more' })
    await setup.clock.runFor(100)
    expect([anna.closed, ben.closed]).toEqual([[CLOSE.malformed], [CLOSE.notProven]])
  })
})
