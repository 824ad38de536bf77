/** The corridor to one peer, with somebody hostile in it. */
import { CLOSE, decodeFrame, FRAME, type Frame, limits, verifyChain } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { type ConnectDeps, ConnectFailed, PeerConnection, type ProvenLink } from '../join/connect-peer.ts'
import type { Side } from '../join/role-proof.ts'
import { CHUNK_BYTES } from '../limits.ts'
import { ChunkAssembler, splitFrame } from '../link/chunk.ts'
import type { SignalData, Transport, TransportEvents } from '../ports.ts'
import { acceptLink, type Entrance, reenter } from '../room-secrets.ts'
import { Meeting } from './meeting.ts'

const LOW = { iceServers: [], lowWaterBytes: 32 * 1024 }

function depsOf(meeting: Meeting, host: string, entrance: Entrance): ConnectDeps {
  const { clock, random, cipher, keyring, connect } = meeting.world.platform(host)
  const { identity } = entrance
  return {
    identity,
    clock,
    random,
    cipher,
    keyring,
    connect,
    nowMs: () => clock.nowMs(),
    relayOnly: () => false,
    known: () => ({ epoch: 0, metaHeads: new Uint8Array(32) }),
    learnChain: (chain) => verifyChain(chain, identity.roomId, (...args) => keyring.verify(...args)),
  }
}

async function two(seed: number) {
  const meeting = new Meeting({ seed })
  const { room } = await meeting.make('ada')
  const { link } = await room.createInvite('https://parley.test/', { role: 'editor', notAfterMs: 4e12 })
  const ada = depsOf(meeting, 'ada', await meeting.during(reenter(meeting.world.platform('ada'), room.id)))
  const ben = depsOf(meeting, 'ben', await meeting.during(acceptLink(meeting.world.platform('ben'), link)))
  return { meeting, ada, ben }
}

/** A connection whose signals the test carries. */
function connection(deps: ConnectDeps, side: Side, carry: (data: SignalData) => void): PeerConnection {
  const made = new PeerConnection(deps, side, [], carry)
  made.proven.catch(() => undefined)
  return made
}

async function linked(seed: number) {
  const { meeting, ada, ben } = await two(seed)
  const later = (call: () => void) => void meeting.world.clock.after(5, call)
  const signals: SignalData[] = []
  const a: PeerConnection = connection(ada, 'offerer', (data) => {
    signals.push(data)
    later(() => b.handleSignal(data))
  })
  const b: PeerConnection = connection(ben, 'answerer', (data) => {
    signals.push(data)
    later(() => a.handleSignal(data))
  })
  const links = await meeting.during(Promise.all([a.proven, b.proven]))
  return { meeting, ada, ben, a, b, links, signals }
}

/** The other end of a connection without any of our code in it. */
class RawEnd implements TransportEvents {
  readonly #assembler = new ChunkAssembler()
  readonly #early: Uint8Array[] = []
  readonly chunks: Uint8Array[] = []
  readonly frames: Frame[] = []
  isOpen = false
  isClosed = false
  transport: Transport | null = null
  onMessage: (bytes: Uint8Array) => void = () => undefined
  readonly #signal: (data: SignalData) => void

  constructor(signal: (data: SignalData) => void) {
    this.#signal = signal
  }

  signal(data: SignalData): void {
    this.#signal(data)
  }
  open(): void {
    this.isOpen = true
    for (const bytes of this.#early.splice(0)) this.transport?.send(bytes)
  }
  /** Sends as soon as the channel is open, and nothing once it is closed. */
  pass(bytes: Uint8Array): void {
    if (!this.isOpen) this.#early.push(bytes)
    else if (!this.isClosed) this.transport?.send(bytes)
  }
  message(bytes: Uint8Array): void {
    this.chunks.push(bytes.slice())
    const whole = this.#assembler.push(bytes.slice())
    if (whole) this.frames.push(decodeFrame(whole.frame.slice()))
    this.onMessage(bytes.slice())
  }
  writable(): void {
    // Nothing waits here.
  }
  closed(): void {
    this.isClosed = true
  }
  sendFrame(bytes: Uint8Array): void {
    const cursor = splitFrame(bytes, 'control')
    while (!cursor.done) this.transport?.send(cursor.next())
  }
}

/** What the other side said when it closed. */
function codesOf(raw: RawEnd): number[] {
  return raw.frames.flatMap((frame) => (frame.type === 'close' ? [frame.code] : []))
}

async function againstRaw(seed: number) {
  const { meeting, ada } = await two(seed)
  return rawAgainst(meeting, ada)
}

async function rawAgainst(meeting: Meeting, ada: ConnectDeps) {
  const later = (call: () => void) => void meeting.world.clock.after(5, call)
  const raw = new RawEnd((data) => later(() => a.handleSignal(data)))
  const a: PeerConnection = connection(ada, 'offerer', (data) => later(() => raw.transport?.signal(data)))
  raw.transport = meeting.world.platform('mallory').connect({ initiator: false, ...LOW }, raw)
  const failure = a.proven.then(
    () => null,
    (error: unknown) => (error instanceof ConnectFailed ? error : Promise.reject(error)),
  )
  await meeting.until(() => raw.isOpen)
  return { meeting, raw, failure, a }
}

describe('connect', () => {
  it('proves both sides and delivers what came before the room listened', async () => {
    const { meeting, links } = await linked(41)
    const [a, b] = links as [ProvenLink, ProvenLink]
    expect([a.peer.standing.role, b.peer.standing.role]).toEqual(['editor', 'owner'])
    a.link.send(new Uint8Array([FRAME.ping, 1]), 'control')
    a.link.send(new Uint8Array([FRAME.prune, ...new Uint8Array(32)]), 'control')
    await meeting.world.clock.runFor(500)
    const got: number[] = []
    b.start({
      frame: (frame) => void got.push(frame[0] as number),
      closed: () => undefined,
      liveDrained: () => undefined,
    })
    expect(got).toEqual([FRAME.prune])
  })

  it('[HS1] [HS2] [F13] somebody between two, with certificates of their own: both refuse, no document byte passes', async () => {
    const { meeting, ada, ben } = await two(42)
    const later = (call: () => void) => void meeting.world.clock.after(5, call)
    const mallory = meeting.world.platform('mallory')
    const toAda = new RawEnd((data) => later(() => a.handleSignal(data)))
    const toBen = new RawEnd((data) => later(() => b.handleSignal(data)))
    toAda.onMessage = (bytes) => toBen.pass(bytes)
    toBen.onMessage = (bytes) => toAda.pass(bytes)
    const a: PeerConnection = connection(ada, 'offerer', (data) => later(() => toAda.transport?.signal(data)))
    const b: PeerConnection = connection(ben, 'answerer', (data) =>
      later(() => toBen.transport?.signal(data)),
    )
    toAda.transport = mallory.connect({ initiator: false, ...LOW }, toAda)
    toBen.transport = mallory.connect({ initiator: true, ...LOW }, toBen)
    const failures = await meeting.during(Promise.allSettled([a.proven, b.proven]))
    expect(
      failures.map((failure) => (failure.status === 'rejected' ? failure.reason.reason : 'proven')),
    ).toEqual(['notProven', 'notProven'])
    await meeting.world.clock.runFor(2_000)
    const passed = [...toAda.frames, ...toBen.frames].map((frame) => frame.type)
    expect(new Set(passed)).toEqual(new Set(['hello', 'auth', 'close']))
    for (const end of [toAda, toBen]) expect(codesOf(end)).toEqual([CLOSE.notProven])
  })

  it('[HS2] [F14] replay and reflection of HELLO and AUTH are refused', async () => {
    const { raw, failure, meeting } = await againstRaw(43)
    await meeting.until(() => raw.frames.length > 0)
    for (const chunk of raw.chunks) raw.transport?.send(chunk)
    expect(await meeting.during(failure)).toMatchObject({ reason: 'notProven', message: 'this very copy' })
    await meeting.until(() => raw.isClosed)
    expect(codesOf(raw)).toEqual([CLOSE.notProven])

    const first = await linkedThroughTap(44)
    const again = await rawAgainst(first.meeting, first.ada)
    for (const chunk of first.fromBen) again.raw.transport?.send(chunk)
    expect(await again.meeting.during(again.failure)).toMatchObject({ reason: 'notProven' })
    await again.meeting.until(() => again.raw.isClosed)
    expect(codesOf(again.raw)).toEqual([CLOSE.notProven])
    expect(new Set(again.raw.frames.map((frame) => frame.type))).toEqual(new Set(['hello', 'auth', 'close']))
  })

  it('[HS2] [F14] a proof for another room is refused', async () => {
    const { meeting, ada } = await two(45)
    const other = await meeting.make('eve')
    const eve = depsOf(
      meeting,
      'eve',
      await meeting.during(reenter(meeting.world.platform('eve'), other.room.id)),
    )
    const later = (call: () => void) => void meeting.world.clock.after(5, call)
    const a: PeerConnection = connection(ada, 'offerer', (data) => later(() => e.handleSignal(data)))
    const e: PeerConnection = connection(eve, 'answerer', (data) => later(() => a.handleSignal(data)))
    const failures = await meeting.during(Promise.allSettled([a.proven, e.proven]))
    expect(
      failures.every((failure) => failure.status === 'rejected' && failure.reason.reason === 'notProven'),
    ).toBe(true)
  })

  it('[HS4] [F16] a silent peer is given up after five seconds', async () => {
    const { raw, failure, meeting } = await againstRaw(46)
    const fromMs = meeting.world.clock.elapsedMs()
    expect(await meeting.during(failure)).toMatchObject({ stage: 'proving', reason: 'timeout' })
    expect(meeting.world.clock.elapsedMs() - fromMs).toBeLessThan(6_000)
    await meeting.until(() => raw.isClosed)
    expect(raw.frames.map((frame) => (frame.type === 'close' ? frame.code : frame.type))).toEqual([
      'hello',
      4408,
    ])
  })

  it('[FR4] [F16] a flood before the proof closes the link', async () => {
    const { raw, failure, meeting } = await againstRaw(47)
    for (let i = 0; i < 40; i++) raw.sendFrame(new Uint8Array([FRAME.digest, ...new Uint8Array(33)]))
    expect(await meeting.during(failure)).toMatchObject({ stage: 'proving', reason: 'malformed' })
    await meeting.until(() => raw.isClosed)
    expect(codesOf(raw)).toEqual([4400])
    expect(raw.frames.map((frame) => frame.type).filter((type) => type !== 'close')).toEqual(['hello'])
  })

  it('[HS4] [F16] a flood while the own HELLO is being made is held up to 512 KiB, and ends the attempt', async () => {
    const { meeting, ada } = await two(50)
    const chunk = splitFrame(new Uint8Array(CHUNK_BYTES).fill(FRAME.digest), 'control').next()
    const flooded: ConnectDeps = {
      ...ada,
      connect: (options, events) =>
        ada.connect(options, {
          signal: (data) => events.signal(data),
          open: () => {
            events.open()
            for (let i = 0; i < 40; i++) events.message(chunk)
          },
          message: (bytes) => events.message(bytes),
          writable: () => events.writable(),
          closed: (error) => events.closed(error),
        }),
    }
    const { raw, failure } = await rawAgainst(meeting, flooded)
    expect(await meeting.during(failure)).toMatchObject({
      reason: 'malformed',
      message: 'flood before proof',
    })
    await meeting.until(() => raw.isClosed)
    expect(codesOf(raw)).toEqual([4400])
  })

  it('[SS5] [F64] a re-offer with a foreign certificate on a proven link is never answered, and ends it', async () => {
    const { meeting, b, links, signals } = await linked(48)
    const ends: string[] = []
    links[1]?.start({
      frame: () => undefined,
      closed: (reason, detail) => void ends.push(`${reason}: ${detail}`),
      liveDrained: () => undefined,
    })
    const offer = signals.find((data) => data.type === 'offer')
    if (offer?.type !== 'offer') throw new Error('no offer')
    const before = signals.length
    const others: string[] = []
    links[0]?.start({
      frame: () => undefined,
      closed: (reason) => void others.push(reason),
      liveDrained: () => undefined,
    })
    b.handleSignal({
      type: 'offer',
      sdp: offer.sdp.replace(/(a=fingerprint:sha-256 )..:..:../i, '$1AB:CD:EF'),
    })
    await meeting.world.clock.runFor(3_000)
    expect(signals.slice(before).map((data) => data.type)).not.toContain('answer')
    expect(ends).toEqual(['notProven: another certificate was offered for this connection'])
    expect(others.map((reason) => CLOSE[reason as keyof typeof CLOSE])).toEqual([4401])
  })

  it('[SS4] [F12] descriptions that are too large, or name no or several certificates, never reach the browser', async () => {
    const spoils: ((sdp: string) => string)[] = [
      (sdp: string) => sdp + 'a=x\r\n'.repeat(4000),
      (sdp: string) => sdp.padEnd(1_000_000, 'a=x\r\n'),
      (sdp: string) => sdp + 'a=candidate:1 1 udp 1 10.0.0.1 1 typ host\r\n'.repeat(5_000),
      (sdp: string) => sdp + 'a=candidate:1 1 udp 1 10.0.0.1 1 typ host\r\n'.repeat(33),
      (sdp: string) => sdp.replace(/a=fingerprint:.*\r\n/g, ''),
      (sdp: string) => `${sdp}a=fingerprint:sha-256 ${'AB:'.repeat(31)}CD\r\n`,
      (sdp: string) => sdp.replace('sha-256', 'sha-1'),
    ]
    for (const spoil of spoils) {
      const { meeting, b, given } = await tappedAnswerer(spoil)
      await expect(meeting.during(b.proven)).rejects.toMatchObject({ reason: 'notProven' })
      expect(given).toEqual([])
    }
    const { meeting, given } = await tappedAnswerer((sdp) => sdp)
    await meeting.until(() => given.some(({ type }) => type === 'offer'))
  })

  it('[SS6] [F12] of 5,000 candidates, one by one, 32 reach the browser; the next description has as many', async () => {
    const { meeting, b, given } = await tappedAnswerer((sdp) => sdp)
    await meeting.until(() => given.some(({ type }) => type === 'offer'))
    const flood = () => {
      const candidate = {
        candidate: 'candidate:1 1 udp 1 10.0.0.1 1 typ host',
        sdpMid: '0',
        sdpMLineIndex: 0,
      }
      for (let i = 0; i < 5_000; i++) b.handleSignal({ type: 'candidate', candidate })
      return given.filter(({ type }) => type === 'candidate').length
    }
    expect(flood()).toBe(limits.SDP_CANDIDATES)
    const offer = given.find(({ type }) => type === 'offer')
    if (offer?.type !== 'offer') throw new Error('no offer')
    b.handleSignal(offer)
    expect(flood()).toBe(2 * limits.SDP_CANDIDATES)
  })
})

/** Ada's offer, spoilt on its way to ben, and what of it is handed to ben's browser. */
async function tappedAnswerer(spoil: (sdp: string) => string) {
  const { meeting, ada, ben } = await two(49)
  const given: SignalData[] = []
  const tapped: ConnectDeps = {
    ...ben,
    connect: (options, events) => {
      const transport = ben.connect(options, events)
      return { ...bind(transport), signal: (data) => void given.push(data) }
    },
  }
  const later = (call: () => void) => void meeting.world.clock.after(5, call)
  const b: PeerConnection = connection(tapped, 'answerer', () => undefined)
  connection(ada, 'offerer', (data) => {
    if (data.type !== 'candidate') later(() => b.handleSignal({ type: data.type, sdp: spoil(data.sdp) }))
  })
  return { meeting, b, given }
}

function bind(transport: Transport): Transport {
  return {
    signal: (data) => transport.signal(data),
    send: (bytes) => transport.send(bytes),
    bufferedBytes: () => transport.bufferedBytes(),
    setIceServers: (iceServers) => transport.setIceServers(iceServers),
    path: () => transport.path(),
    close: () => transport.close(),
  }
}

/** An honest link whose bytes from ben are recorded. */
async function linkedThroughTap(seed: number) {
  const { meeting, ada, ben } = await two(seed)
  const fromBen: Uint8Array[] = []
  const tapped: ConnectDeps = {
    ...ada,
    connect: (options, events) =>
      ada.connect(options, {
        signal: (data) => events.signal(data),
        open: () => events.open(),
        message: (bytes) => {
          fromBen.push(bytes.slice())
          events.message(bytes)
        },
        writable: () => events.writable(),
        closed: (error) => events.closed(error),
      }),
  }
  const later = (call: () => void) => void meeting.world.clock.after(5, call)
  const a: PeerConnection = connection(tapped, 'offerer', (data) => later(() => b.handleSignal(data)))
  const b: PeerConnection = connection(ben, 'answerer', (data) => later(() => a.handleSignal(data)))
  await meeting.during(Promise.all([a.proven, b.proven]))
  return { meeting, ada, fromBen }
}
