import { type PeerId, type SealedSignal, signalKeyOf, toBase64Url, verifyChain } from '@parley/protocol'
import { testRoom, testVerify } from '@parley/protocol/testing'
import { describe, expect, it } from 'vitest'
import { MAX_LINKS, REDIAL_FIRST_MS, REPAIR_INTERVAL_MS } from '../limits.ts'
import type { SignalData, TransportEvents, TransportOptions } from '../ports.ts'
import { seededCipher, seededKeyring, seededRandom } from '../testing/seeded-crypto.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import type { Identity } from './identity.ts'
import { Introductions } from './introductions.ts'
import { openSignal, sealSignal } from './signal-channel.ts'

const room = testRoom('introductions')
const [ADA, BEN, CLEO, DAN, EVE] = ['A', 'B', 'C', 'D', 'E'].map((letter) => letter.repeat(22)) as [
  PeerId,
  PeerId,
  PeerId,
  PeerId,
  PeerId,
]
const SDP = `v=0\r\na=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}\r\n`
/** Instances in ascending order of their names. */
const instanceOf = (byte: number) => new Uint8Array(16).fill(byte)
const nameOf = (byte: number) => toBase64Url(instanceOf(byte))

interface Dialled {
  readonly options: TransportOptions
  readonly events: TransportEvents
  readonly given: SignalData[]
  closed: boolean
}

async function identityOf(instance: number): Promise<Identity> {
  const random = seededRandom(`ada ${instance}`)
  const member = await room.device('owner', 'ada')
  const verdict = await verifyChain(member.chainBytes, room.roomId, testVerify)
  if (!verdict.ok) throw new Error(verdict.fault)
  return {
    roomId: room.roomId,
    signer: await seededKeyring(random).fromSeeds(member.key.seed, member.key.seed),
    standing: verdict.standing,
    chain: member.chainBytes,
    instance: instanceOf(instance),
    instanceName: nameOf(instance),
    signalKey: await seededCipher(random).importKey(signalKeyOf(room.readKey)),
  }
}

/** Ada's side; transports do nothing by themselves, and the test speaks for everybody else. */
async function makeAda(instance = 5) {
  const clock = new VirtualClock()
  const random = seededRandom(instance)
  const identity = await identityOf(instance)
  const deps = { identity, cipher: seededCipher(random), random }
  const dialled: Dialled[] = []
  const sent: { atMs: number; to: PeerId; signal: SealedSignal | null }[] = []
  const askedAtMs: number[] = []
  const failures: string[] = []
  let linked: string[] = []
  const introductions = new Introductions(
    {
      ...deps,
      clock,
      keyring: seededKeyring(random),
      nowMs: () => clock.nowMs(),
      known: () => ({ epoch: 0, metaHeads: new Uint8Array(32) }),
      learnChain: (chain) => verifyChain(chain, room.roomId, testVerify),
      connect: (options, events) => {
        const one: Dialled = { options, events, given: [], closed: false }
        dialled.push(one)
        const close = () => {
          one.closed = true
        }
        const signal = (data: SignalData) => void one.given.push(data)
        const setIceServers = () => undefined
        return {
          signal,
          send: () => undefined,
          bufferedBytes: () => 0,
          setIceServers,
          path: async () => null,
          close,
        }
      },
      sendSealed: (to, sealed) => {
        const place = { atMs: clock.elapsedMs(), to, signal: null as SealedSignal | null }
        sent.push(place)
        void openSignal(deps, ADA, to, sealed).then((signal) => {
          place.signal = signal
        })
      },
      askForMore: () => void askedAtMs.push(clock.elapsedMs()),
      relayOnly: () => false,
      linked: () => linked,
      delayMs: (attempt) => REDIAL_FIRST_MS * 2 ** attempt,
    },
    {
      proven: () => undefined,
      failed: (_peer, error) => void failures.push(error.message),
      changed: () => undefined,
    },
  )
  const receive = async (from: PeerId, signal: SealedSignal) => {
    await introductions.handleSealed(from, await sealSignal(deps, from, ADA, signal))
    await clock.settle()
  }
  const welcome = async (...peers: PeerId[]) => {
    introductions.handleWelcome(ADA, peers, [])
    await clock.settle()
  }
  const link = (...instances: string[]) => {
    linked = instances
  }
  return { clock, introductions, dialled, sent, askedAtMs, failures, receive, welcome, link }
}

const offer = (instance: number, linked: string[] = []): SealedSignal => ({
  type: 'offer',
  attempt: 'AAAAAAAAAAA',
  sdp: SDP,
  instance: nameOf(instance),
  linked,
})
const decline = (instance: number, why: 'linked' | 'full') => ({
  type: 'decline',
  attempt: 'AAAAAAAAAAA',
  instance: nameOf(instance),
  why,
})
const full = (more: string[] = []) => [
  ...Array.from({ length: MAX_LINKS - more.length }, (_, i) => nameOf(100 + i)),
  ...more,
]

describe('an offer that comes', () => {
  it('is taken, and what follows for its attempt is handed on', async () => {
    const { dialled, receive, welcome } = await makeAda()
    await welcome()
    await receive(BEN, offer(7))
    const candidates = [{ candidate: 'c', sdpMid: '0', sdpMLineIndex: 0 }]
    await receive(BEN, { type: 'candidates', attempt: 'AAAAAAAAAAA', candidates })
    await receive(CLEO, { type: 'candidates', attempt: 'AAAAAAAAAAA', candidates })
    expect(dialled.map(({ options, given }) => [options.initiator, given.map(({ type }) => type)])).toEqual([
      [false, ['offer', 'candidate']],
    ])
  })

  it('[SS3] is declined as `linked` only when both ends see a link', async () => {
    const seen: [string[], string[], boolean][] = [
      [[nameOf(5)], [nameOf(7)], true],
      [[], [nameOf(7)], false],
      [[nameOf(5)], [], false],
      [[nameOf(6)], [nameOf(8)], false],
    ]
    for (const [theirs, ours, declined] of seen) {
      const { dialled, sent, receive, welcome, link } = await makeAda()
      await welcome()
      link(...ours)
      await receive(BEN, offer(7, theirs))
      expect(dialled.length).toBe(declined ? 0 : 1)
      expect(sent.map(({ signal }) => signal)).toEqual(declined ? [decline(5, 'linked')] : [])
    }
  })

  it('[SS3] [OV1] is declined as `full` beyond twelve links while another is being weighed, unless it mends one', async () => {
    const { dialled, sent, receive, welcome, link } = await makeAda()
    await welcome()
    link(...full())
    await receive(BEN, offer(7))
    expect([dialled.length, sent.length]).toEqual([1, 0])
    await receive(CLEO, offer(8))
    expect([dialled.length, sent[0]?.signal]).toEqual([1, decline(5, 'full')])
    link(...full([nameOf(9)]))
    await receive(DAN, offer(9))
    expect([dialled.length, sent.length]).toEqual([2, 1])
    link(...full().slice(1))
    await receive(EVE, offer(8))
    expect([dialled.length, sent[1]?.signal]).toEqual([2, decline(5, 'full')])
  })

  it('[HS7] that crosses an own one stands if its copy’s name is the higher, and the own one if not', async () => {
    const yielding = await makeAda(5)
    await yielding.welcome(BEN)
    await yielding.receive(BEN, offer(7))
    expect(yielding.dialled.map(({ options, closed }) => [options.initiator, closed])).toEqual([
      [true, true],
      [false, false],
    ])
    const insisting = await makeAda(9)
    await insisting.welcome(BEN)
    await insisting.receive(BEN, offer(7))
    expect(insisting.dialled.map(({ options, closed }) => [options.initiator, closed])).toEqual([
      [true, false],
    ])
    expect(insisting.sent.at(-1)?.signal).toEqual(decline(9, 'linked'))
  })

  it('[SS4] with an SDP that names no certificate never reaches the browser', async () => {
    const { dialled, failures, receive, welcome } = await makeAda()
    await welcome()
    await receive(BEN, { ...offer(7), sdp: 'v=0\r\n' } as SealedSignal)
    expect(dialled.map(({ given, closed }) => [given, closed])).toEqual([[[], true]])
    expect(failures).toEqual(['session description: no-fingerprint'])
  })
})

describe('own offers', () => {
  it('[SG6] go to exactly those whom the welcome names, none to who is introduced later', async () => {
    const { dialled, introductions, welcome } = await makeAda()
    await welcome(BEN, CLEO)
    introductions.handleIntroduced('D'.repeat(22) as PeerId)
    expect(dialled.map(({ options }) => options.initiator)).toEqual([true, true])
  })

  it('[SS2] [SS3] name the copies that are linked, at most 16', async () => {
    const { clock, dialled, sent, welcome, link } = await makeAda()
    link(nameOf(1), nameOf(2))
    await welcome(BEN)
    dialled[0]?.events.signal({ type: 'offer', sdp: SDP })
    await clock.settle()
    expect(sent[0]).toMatchObject({ to: BEN, signal: { type: 'offer', linked: [nameOf(1), nameOf(2)] } })
  })

  it('[SS6] candidates are collected for 50 ms and go in one signal', async () => {
    const { clock, dialled, sent, welcome } = await makeAda()
    await welcome(BEN)
    const gather = (name: string) =>
      dialled[0]?.events.signal({ type: 'candidate', candidate: { candidate: name, sdpMid: '0' } })
    for (let i = 0; i < 8; i++) {
      gather(`${i}`)
      await clock.runFor(10)
    }
    await clock.runFor(1000)
    const told = sent.map(({ atMs, signal }) => [
      atMs,
      signal?.type === 'candidates'
        ? signal.candidates.map(({ candidate }) => candidate).join('')
        : signal?.type,
    ])
    expect(told).toEqual([
      [50, '01234'],
      [100, '567'],
    ])
  })

  it('[OV1] are not made beyond twelve links', async () => {
    const { dialled, introductions, welcome, link } = await makeAda()
    link(...full())
    await welcome(BEN)
    introductions.handleSample([CLEO])
    expect(dialled).toEqual([])
  })

  it('[OV3] that fail are made again after doubling waits', async () => {
    const { clock, dialled, welcome } = await makeAda()
    await welcome(BEN)
    const madeAtMs = [clock.elapsedMs()]
    for (let i = 0; i < 4; i++) {
      dialled.at(-1)?.events.closed(new Error('no way through'))
      const failedAtMs = clock.elapsedMs()
      await clock.runUntil(() => dialled.length === madeAtMs.length + 1, 60_000)
      madeAtMs.push(clock.elapsedMs() - failedAtMs)
    }
    expect(madeAtMs).toEqual([0, 2000, 4000, 8000, 16_000])
  })
})

describe('asking for more', () => {
  it('[OV3] about every 10 s while links are free, and soon after one was lost', async () => {
    const { clock, introductions, askedAtMs, welcome, link } = await makeAda()
    await welcome()
    await clock.runFor(100_000)
    const gaps = askedAtMs.map((atMs, i) => atMs - (askedAtMs[i - 1] ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(REPAIR_INTERVAL_MS / 2)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(REPAIR_INTERVAL_MS * 1.5)
    askedAtMs.length = 0
    const fromMs = clock.elapsedMs()
    introductions.handleLinkLost()
    await clock.runUntil(() => askedAtMs.length > 0, 1000)
    expect((askedAtMs[0] as number) - fromMs).toBe(REDIAL_FIRST_MS)
    link(...full())
    const { length } = askedAtMs
    await clock.runFor(100_000)
    expect(askedAtMs.length).toBe(length)
  })

  it('[OV4] stops with signaling, which ends attempts but not links', async () => {
    const { clock, introductions, dialled, askedAtMs, welcome } = await makeAda()
    await welcome(BEN)
    introductions.handleSignalingDown()
    expect(dialled.map(({ closed }) => closed)).toEqual([true])
    await clock.runFor(100_000)
    expect([askedAtMs, dialled.length, introductions.unlinkedCount]).toEqual([[], 1, 0])
  })
})
