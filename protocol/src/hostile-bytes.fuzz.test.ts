/**
 * Random and damaged bytes through everything that reads from outside: malformed, or a value; never anything else.
 * `PARLEY_LONG=1` makes it twenty times as many, `PARLEY_SEED` repeats a run.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toBase64Url } from './bytes.ts'
import { MalformedError } from './codec.ts'
import { decodeEntry, encodeEntryHeader, FIRST_PREV } from './entry.ts'
import { decodeChain } from './grant.ts'
import { type DocName, keyIdOf, sessionIdOf } from './ids.ts'
import { decodeFrame, encodeFrame } from './peer/frame.ts'
import { decodePresencePayload, encodePresencePayload } from './peer/presence.ts'
import { formatRoomLink, parseRoomLink } from './room-link.ts'
import { parseClientMessage } from './signaling/client-messages.ts'
import { parseSealedSignal } from './signaling/sealed-signal.ts'
import { parseServerMessage } from './signaling/server-messages.ts'
import { arbitraryFrame, arbitraryPresence } from './testing/frame-arbitraries.ts'
import { testRoom } from './testing/index.ts'

const { PARLEY_LONG, PARLEY_SEED } = process.env
const RUNS = 100_000 * (PARLEY_LONG ? 20 : 1)
const SEED = PARLEY_SEED ? Number(PARLEY_SEED) : Math.floor(Math.random() * 2 ** 31)
console.log(`hostile bytes: seed ${SEED}, ${RUNS} inputs a reader`)

/** A small generator (Mulberry32): fast-check would spend its time on shrinking what needs none. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Random = () => number
const below = (random: Random, end: number) => Math.floor(random() * end)

/** Changes, drops, doubles or inserts something, one to four times. */
function damage(random: Random, good: readonly number[], values: number): number[] {
  const bad = [...good]
  for (let times = 1 + below(random, 4); times > 0; times--) {
    const at = below(random, bad.length + 1)
    const value = random() < 0.3 ? values - 1 : below(random, values)
    const change = below(random, 5)
    if (change === 0) bad.splice(at, 1 + below(random, 8))
    else if (change === 1) bad.splice(at, 0, value)
    else if (change === 2) bad.length = at
    else if (change === 3) bad.splice(at, 0, ...bad.slice(at, at + below(random, 40)))
    else bad[at] = value
  }
  return bad
}

function hostileBytes(random: Random, samples: readonly Uint8Array[]): Uint8Array {
  const sample = samples[below(random, samples.length)]
  if (sample && random() < 0.7) return Uint8Array.from(damage(random, [...sample], 256))
  return Uint8Array.from({ length: below(random, 80) }, () => below(random, 256))
}

function hostileText(random: Random, samples: readonly string[]): string {
  const sample = samples[below(random, samples.length)] ?? ''
  const codes = [...sample].map((character) => character.codePointAt(0) ?? 0)
  const bad =
    random() < 0.9 ? damage(random, codes, 128) : Array.from({ length: 60 }, () => below(random, 0xffff))
  return String.fromCodePoint(...bad)
}

/** Counts what was read and what was refused; both must happen, or the inputs test nothing. */
function throwAt(samples: readonly Uint8Array[], read: (bytes: Uint8Array) => unknown): void {
  const random = randomOf(SEED)
  const counts = { read: 0, refused: 0 }
  for (let run = 0; run < RUNS; run++) {
    const bytes = hostileBytes(random, samples)
    try {
      read(bytes)
      counts.read++
    } catch (error) {
      if (!(error instanceof MalformedError))
        throw new Error(`seed ${SEED}, run ${run}: ${bytes}`, { cause: error })
      counts.refused++
    }
  }
  expect(counts.read).toBeGreaterThan(0)
  expect(counts.refused).toBeGreaterThan(RUNS / 4)
}

function throwTextAt(samples: readonly string[], parse: (text: string) => boolean): void {
  const random = randomOf(SEED)
  let accepted = 0
  for (let run = 0; run < RUNS; run++) {
    const text = hostileText(random, samples)
    try {
      if (parse(text)) accepted++
    } catch (error) {
      throw new Error(`seed ${SEED}, run ${run}: ${JSON.stringify(text)}`, { cause: error })
    }
  }
  expect(accepted).toBeLessThan(RUNS / 2)
}

const room = testRoom('hostile')
const LIMIT_MS = 60 * 60_000

describe('hostile bytes', () => {
  it('[FR2] [F25] as frames', { timeout: LIMIT_MS }, () => {
    throwAt(fc.sample(arbitraryFrame, { seed: SEED, numRuns: 300 }).map(encodeFrame), decodeFrame)
  })

  it('[FR2] [PR4] [F39] as presence', { timeout: LIMIT_MS }, () => {
    const samples = fc.sample(arbitraryPresence, { seed: SEED, numRuns: 300 }).map(encodePresencePayload)
    throwAt(samples, decodePresencePayload)
  })

  it('[FR2] [EN4] [F25] as entries', { timeout: LIMIT_MS }, () => {
    const header = encodeEntryHeader({
      doc: 'content/p1' as DocName,
      kind: 'live',
      epoch: { counter: 0, keyHash: new Uint8Array(8) },
      author: keyIdOf(new Uint8Array(32)),
      session: sessionIdOf(new Uint8Array(8)),
      seq: 1,
      prev: FIRST_PREV,
      timeMs: 1,
    })
    throwAt([new Uint8Array([...header, ...new Uint8Array(12 + 16 + 64)])], decodeEntry)
  })

  it('[FR2] [GR5] [F15] as grant chains', { timeout: LIMIT_MS }, async () => {
    const invite = await room.invite('editor')
    const device = await room.delegate(invite, 'device')
    throwAt([invite.chainBytes, device.chainBytes], decodeChain)
  })
})

describe('hostile text', () => {
  it('[LK7] as room links', { timeout: LIMIT_MS }, async () => {
    const { chain, key } = await room.invite('viewer')
    const fields = { roomId: room.roomId, readKey: room.readKey, chain, inviteSeed: key.seed }
    const link = formatRoomLink('https://a.example/', { ...fields, via: ['wss://b.example/v1'] })
    throwTextAt([link, link.slice(link.indexOf('#'))], (text) => parseRoomLink(text).ok)
  })

  it('[SG18] [F10] as messages to the signaling server', { timeout: LIMIT_MS }, async () => {
    const { chainBytes } = await room.device('viewer')
    const samples = [
      { type: 'hello', v: 1, room: room.roomId, chain: toBase64Url(chainBytes) },
      { type: 'signal', to: 'A'.repeat(22), sealed: 'AAAA' },
      { type: 'more' },
    ]
    throwTextAt(
      samples.map((message) => JSON.stringify(message)),
      (text) => parseClientMessage(text) !== null,
    )
  })

  it('[SG18] as messages from the signaling server, and from peers', { timeout: LIMIT_MS }, () => {
    const limits = { frameBytes: 65536, messagesPerSecond: 30 }
    const iceServers = [{ urls: 'stun:a.example' }]
    const welcome = { type: 'welcome', peer: 'A'.repeat(22), peers: ['B'.repeat(22)], iceServers, limits }
    const offer = { type: 'offer', attempt: 'A'.repeat(11), sdp: 'v=0', instance: 'A'.repeat(22), linked: [] }
    const samples = [welcome, offer].map((message) => JSON.stringify(message))
    throwTextAt(samples, (text) => parseServerMessage(text) !== null || parseSealedSignal(text) !== null)
  })
})
