/** What a link may cost: somebody hostile at full speed holds up nobody's keystroke, and honest bulk is never blamed. */
import { encodeFrame, type Frame, idBytes, type KeyId, limits } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { RoomEvent } from '../api.ts'
import { chainCostMs, entryCostMs, workOf } from '../journal/work-costs.ts'
import {
  ADMIT_BATCH,
  ENTRY_APPLY_MS,
  LINK_BUDGET,
  LINK_WAITING_BYTES,
  LINK_WASTE,
  LINK_WORK,
  UNASKED_RECORDS,
  WAITING_FRAME_BYTES,
} from '../limits.ts'
import type { Platform } from '../ports.ts'
import { createRoomOn, joinRoomOn } from '../rooms.ts'
import { type HostileLink, HostilePeer } from '../testing/hostile-peer.ts'
import { slowCrypto } from '../testing/slow-crypto.ts'
import { type Guest, Meeting, SIGNALING } from './meeting.ts'

const FAR = { notAfterMs: 4e12 } as const
const LATENCY_MS = 20
/** A device that takes 0.15 ms for what the table counts 0.15 for. */
const COSTS = { verifyMs: 0.12, decryptMs: 0.03 }

const guestOf = (host: string, room: Guest['room']): Guest => ({
  host,
  room,
  doc: room.document('content/main'),
})
const options = (name: string) => ({ signaling: [SIGNALING], profile: { name, color: '#336699' } })

/** The batch under way, the keystroke's own, and one that was admitted before and was still being opened. */
const MOST_OTHERS = 3 * ADMIT_BATCH

/** Links that ended, but for those that were given up in good order. */
function blamed(guests: readonly Guest[]): RoomEvent[] {
  const events: RoomEvent[] = []
  for (const { room } of guests) {
    room.onEvent((event) => {
      if (event.type === 'link-closed' && event.reason !== 'normal' && event.reason !== 'goingAway')
        events.push(event)
      if (event.type === 'author-refused') events.push(event)
    })
  }
  return events
}

/** Tells of each message that names this key in the clear, as an entry does that it wrote. */
function overheard(platform: Platform, key: () => KeyId | undefined, tell: () => void): Platform {
  return {
    ...platform,
    connect: (how, events) =>
      platform.connect(how, {
        ...events,
        message: (bytes) => {
          const named = key()
          if (named && Buffer.from(bytes).includes(Buffer.from(idBytes(named)))) tell()
          events.message(bytes)
        },
      }),
  }
}

/** Ada, whose device takes its time, ben, and mallory with an editor's grant. */
async function attacked(seed: number, slow: (platform: Platform) => Platform = (platform) => platform) {
  const meeting = new Meeting({ seed, latencyMs: LATENCY_MS })
  const { clock } = meeting.world
  let benKey: KeyId | undefined
  let onHeard: () => void = () => undefined
  const { platform, checkCount } = slowCrypto(
    overheard(
      slow(meeting.world.platform('ada')),
      () => benKey,
      () => onHeard(),
    ),
    COSTS,
  )
  const ada = guestOf('ada', await meeting.during(createRoomOn(platform, options('ada'))))
  const ben = await meeting.join('ben', ada)
  benKey = ben.room.self.key
  /** What ben wrote has come to ada's device. */
  const heard = (call: () => void) => {
    onHeard = call
  }
  ben.doc.doc.getText('t').insert(0, 'honest')
  await meeting.until(() => meeting.agree([ada, ben], 'honest') && ada.room.state.people.length === 2)
  const { link } = await meeting.during(
    ada.room.createInvite('https://parley.test/', { role: 'editor', ...FAR }),
  )
  const enter = async () => {
    const peer = await meeting.during(HostilePeer.join(meeting.world.platform('mallory'), link, SIGNALING))
    const toAda = () =>
      peer.links.find((to) => to.proven.peer.standing.key === ada.room.self.key) as HostileLink
    await meeting.until(() => toAda() !== undefined)
    await clock.runFor(3_000)
    return { peer, to: toAda() }
  }
  const { peer: mallory, to } = await enter()
  mallory.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
  await clock.runFor(1_000)
  return { meeting, clock, ada, ben, mallory, to, enter, heard, checkCount, faults: blamed([ada]) }
}

/** Entries of one log, each of which types one more M and what comes with it. */
async function typed(mallory: HostilePeer, count: number, nowMs: number, rest = ''): Promise<Frame[]> {
  const log = mallory.log('content/main', 1)
  const doc = new Y.Doc()
  doc.clientID = log.clientId
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  for (let i = 0; i < count; i++) doc.getText('t').insert(0, `M${rest}`)
  const frames: Frame[] = []
  for (const update of updates)
    frames.push({ type: 'entry', entry: (await log.next(update, nowMs)).entry.bytes })
  return frames
}

const lengthOf = (guest: Guest) => guest.doc.doc.getText('t').length
const countOf = (guest: Guest, letter: string) =>
  guest.doc.doc.getText('t').toString().split(letter).length - 1

/** Under credit, as fast as it is granted; how many were handed over so far. */
function inBulk(to: HostileLink, frames: Iterable<Frame>): () => number {
  let handedOver = 0
  const send = async (): Promise<void> => {
    for (const frame of frames) {
      if (to.closed) return
      await to.proven.link.sendBulk(encodeFrame(frame), 'sync')
      handedOver++
    }
  }
  send().catch((error: unknown) => {
    if (!to.closed) throw error
  })
  return () => handedOver
}

/** Ben writes what is too long for a draft; how many of mallory's entries ada takes between its arrival and its turn, and how long that is. */
async function keystroke({ clock, ada, ben, heard }: Awaited<ReturnType<typeof attacked>>) {
  const before = countOf(ada, 'B')
  let arrived: { readonly others: number; readonly atMs: number } | null = null
  heard(() => {
    arrived ??= { others: countOf(ada, 'M'), atMs: clock.elapsedMs() }
  })
  ben.doc.doc.getText('t').insert(0, 'B'.padEnd(limits.DRAFT_BYTES + 100, 'b'))
  await clock.runUntil(() => countOf(ada, 'B') > before, 60_000)
  const { others, atMs } = arrived ?? { others: 0, atMs: 0 }
  return { others: countOf(ada, 'M') - others, waitedMs: clock.elapsedMs() - atMs }
}

/** What each of mallory's entries takes to apply. */
const APPLY_MS = 300

/** A room in which ada's device takes long to apply what mallory writes. */
async function slowToApply(seed: number) {
  let busyMs = 0
  const room = await attacked(seed, (platform) => {
    const { clock } = platform
    return { ...platform, clock: { ...clock, nowMs: () => clock.nowMs() + busyMs } }
  })
  let count = 0
  room.ada.doc.doc.on('update', () => {
    const now = lengthOf(room.ada)
    if (now > count) busyMs += APPLY_MS
    count = now
  })
  return { ...room, busyMs: () => busyMs }
}

/** A hundred entries a second, beyond what they may cost; how many were taken by then. */
async function spend({ clock, ada, mallory, to }: Awaited<ReturnType<typeof attacked>>, frames: Frame[]) {
  for (const [i, frame] of frames.entries()) {
    mallory.send(to, frame)
    if (i % 10 === 9) await clock.runFor(100)
  }
  return countOf(ada, 'M')
}

const of = (to: HostileLink, type: Frame['type']) => to.received.filter((frame) => frame.type === type).length

describe('a hostile link at full speed', () => {
  it('[WK2] with valid entries of an editor: an honest keystroke waits for the batch under way and its own', async () => {
    const room = await attacked(701)
    const { clock, ada, ben, mallory, to, faults } = room
    const frames = await typed(mallory, 2_000, clock.nowMs())
    for (const frame of frames) mallory.send(to, frame)
    await clock.runUntil(() => countOf(ada, 'M') > 100, 5_000)
    for (let i = 0; i < 3; i++) {
      const { others, waitedMs } = await keystroke(room)
      expect(countOf(ada, 'M')).toBeLessThan(frames.length)
      expect(others).toBeLessThanOrEqual(MOST_OTHERS)
      expect(waitedMs).toBeLessThan(MOST_OTHERS * entryCostMs(300))
    }
    // Within what a link may send unasked: all of it is taken, and nobody is closed for it.
    await clock.runUntil(
      () => countOf(ada, 'M') === frames.length && countOf(ben, 'M') === frames.length,
      60_000,
    )
    expect(faults).toEqual([])
  }, 60_000)

  it('[WK7] with broken signatures: closed after one batch of them, and nobody waits for the rest', async () => {
    const room = await attacked(702)
    const { clock, ada, mallory, to, checkCount } = room
    const frames = (await typed(mallory, 1_000, clock.nowMs())).map((frame) => {
      const entry = frame.type === 'entry' ? frame.entry.slice() : new Uint8Array()
      entry[entry.length - 1] = (entry.at(-1) as number) ^ 1
      return { type: 'entry', entry } as const
    })
    const before = checkCount()
    for (const frame of frames) mallory.send(to, frame)
    const { waitedMs } = await keystroke(room)
    expect(waitedMs).toBeLessThan(2 * ADMIT_BATCH * entryCostMs(300))
    await clock.runUntil(() => to.closed !== null, 5_000)
    expect(to.closed?.reason).toBe('malformed')
    expect(checkCount() - before).toBeLessThanOrEqual(2 * ADMIT_BATCH)
    expect(countOf(ada, 'M')).toBe(0)
  }, 60_000)

  it('[WK5] with broken chains, under credit: closed with 4429 when the budget is spent, and again when it comes back', async () => {
    const room = await attacked(703)
    const { clock, mallory, to, enter, checkCount } = room
    const { chain } = mallory.entrance.identity
    const broken = Array.from({ length: 6_000 }, (_, i) => {
      const bytes = chain.slice()
      // In the last signature: all before it are verified first.
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ (1 + (i & 127))
      bytes[bytes.length - 2] = i >> 7
      return { type: 'author', chain: bytes } as const
    })
    const most = LINK_WASTE.burstMs / chainCostMs(chain.length) + 20
    const before = checkCount()
    const handedOver = inBulk(to, broken)
    const { waitedMs } = await keystroke(room)
    expect(waitedMs).toBeLessThan(50)
    await clock.runUntil(() => to.closed !== null, 60_000)
    expect(to.closed?.reason).toBe('rate')
    const grants = Math.round((chain.length - 33) / 145)
    expect((checkCount() - before) / grants).toBeLessThanOrEqual(most)
    expect(handedOver()).toBeLessThan(broken.length)
    mallory.close()
    await clock.runFor(1_000)
    const again = await enter()
    const since = checkCount()
    inBulk(again.to, broken.reverse())
    await clock.runUntil(() => again.to.closed !== null, 60_000)
    expect(again.to.closed?.reason).toBe('rate')
    expect((checkCount() - since) / grants).toBeLessThan(most / 3)
  }, 60_000)

  it('[WK3] [WK4] with entries that take long to apply: its own wait, an honest keystroke does not, and nothing is lost', async () => {
    const room = await slowToApply(704)
    const { clock, ada, ben, mallory, to, faults, busyMs } = room
    const frames = await typed(mallory, 1_700, clock.nowMs())
    const paced = await spend(room, frames)
    // What it may cost at once, what came back meanwhile, and a share of what each took.
    expect(paced).toBeGreaterThan(LINK_WORK.burstMs / APPLY_MS)
    expect(paced).toBeLessThan((1.5 * LINK_WORK.burstMs) / APPLY_MS)
    expect(paced).toBeLessThan(frames.length)
    const { others, waitedMs } = await keystroke(room)
    expect([others, waitedMs < 10]).toEqual([0, true])
    const fromMs = clock.elapsedMs() + busyMs()
    await clock.runFor(60_000)
    const more = countOf(ada, 'M') - paced
    const share = (more * (APPLY_MS - ENTRY_APPLY_MS)) / (clock.elapsedMs() + busyMs() - fromMs)
    expect(share).toBeGreaterThan(0.15)
    expect(share).toBeLessThan(0.35)
    await clock.runUntil(() => countOf(ada, 'M') === frames.length, 3_600_000)
    await clock.runUntil(() => countOf(ben, 'M') === frames.length, 60_000)
    expect([faults, to.closed]).toEqual([[], null])
  }, 60_000)

  it('[WK6] with more than may wait: of 8 MB at once half is left out, and asked for again under credit', async () => {
    const { clock, ada, mallory, to, faults } = await attacked(705)
    const entryBytes = 4_000
    const frames = await typed(mallory, 2_000, clock.nowMs(), 'x'.repeat(entryBytes))
    const digests = of(to, 'digest')
    // Within what a link may send unasked.
    for (const frame of frames.slice(0, -1)) mallory.send(to, frame)
    await clock.runFor(5_000)
    const taken = countOf(ada, 'M')
    const fits = LINK_WAITING_BYTES / (entryBytes + WAITING_FRAME_BYTES)
    expect(taken).toBeGreaterThan(0.8 * fits)
    expect(taken).toBeLessThan(1.2 * fits + ADMIT_BATCH)
    expect(of(to, 'digest')).toBeGreaterThan(digests)
    expect(of(to, 'want')).toBe(0)
    mallory.send(to, frames.at(-1) as Frame)
    await clock.runUntil(() => of(to, 'want') > 0, 60_000)
    inBulk(to, frames.slice(taken))
    await clock.runFor(30_000)
    expect(countOf(ada, 'M')).toBe(frames.length)
    expect([faults, to.closed]).toEqual([[], null])
  }, 60_000)
})

describe('honest bulk', () => {
  it('[WK4] [WK5] a newcomer gets a thousand entries as fast as its device can: nobody is blamed', async () => {
    const meeting = new Meeting({ seed: 706, latencyMs: LATENCY_MS })
    const { clock } = meeting.world
    const ada = await meeting.make('ada')
    for (let i = 0; i < 1_000; i++) {
      ada.doc.doc.getText('t').insert(i, 'h')
      await clock.settle()
    }
    const { link } = await meeting.during(
      ada.room.createInvite('https://parley.test/', { role: 'editor', ...FAR }),
    )
    const slow = slowCrypto(meeting.world.platform('nina'), COSTS)
    const nina = guestOf('nina', await meeting.during(joinRoomOn(slow.platform, link, options('nina'))))
    const faults = blamed([ada, nina])
    const tookMs = await clock.runUntil(() => lengthOf(nina) === 1_000, 60_000)
    expect(slow.checkCount()).toBeGreaterThan(1_000)
    // Signatures, openings, and some round trips.
    expect(tookMs).toBeLessThan(slow.checkCount() * entryCostMs(300) * 1.2 + 2_000)
    await clock.runFor(15_000)
    expect(meeting.agree([ada, nina])).toBe(true)
    expect(faults).toEqual([])
  }, 60_000)

  it('[WK4] [WK5] two megabytes pasted at once reach slow devices whole', async () => {
    const meeting = new Meeting({ seed: 707, latencyMs: LATENCY_MS })
    const ada = await meeting.make('ada')
    const { link } = await meeting.during(
      ada.room.createInvite('https://parley.test/', { role: 'editor', ...FAR }),
    )
    const join = async (host: string) => {
      const { platform } = slowCrypto(meeting.world.platform(host), { verifyMs: 3, decryptMs: 2 })
      return guestOf(host, await meeting.during(joinRoomOn(platform, link, options(host))))
    }
    const guests = [ada, await join('ben'), await join('cleo')]
    await meeting.until(() => guests.every(({ room }) => room.state.people.length === 3))
    const faults = blamed(guests)
    const block = `${'words '.repeat(10)}\n`.repeat(330)
    ada.doc.doc.transact(() => {
      const text = ada.doc.doc.getText('t')
      for (let i = 0; i < 100; i++) text.insert(0, block)
    })
    expect(lengthOf(ada)).toBeGreaterThan(2_000_000)
    await meeting.until(() => guests.every((guest) => lengthOf(guest) === lengthOf(ada)))
    await meeting.world.clock.runFor(5_000)
    expect(meeting.agree(guests)).toBe(true)
    expect(faults).toEqual([])
  }, 60_000)

  it('[WK4] [WK5] many typists whom only one link leads to: all that they type comes through it', async () => {
    const meeting = new Meeting({ seed: 708, latencyMs: LATENCY_MS })
    const { clock, network } = meeting.world
    const relay = await meeting.make('relay')
    const typists: Guest[] = []
    for (let i = 0; i < 3; i++) {
      network.block('far', `typist${i}`)
      typists.push(await meeting.join(`typist${i}`, relay))
    }
    const { link } = await meeting.during(
      relay.room.createInvite('https://parley.test/', { role: 'editor', ...FAR }),
    )
    const slow = slowCrypto(meeting.world.platform('far'), COSTS)
    const far = guestOf('far', await meeting.during(joinRoomOn(slow.platform, link, options('far'))))
    const all = [relay, far, ...typists]
    await meeting.until(() => relay.room.state.people.length === all.length)
    const faults = blamed(all)
    // Forty people at ten a second are three at 133.
    const keystrokes = 200
    for (let i = 0; i < keystrokes; i++) {
      for (const { doc } of typists) doc.doc.getText('t').insert(0, 't')
      await clock.runFor(7.5)
    }
    const lateMs = await clock.runUntil(() => lengthOf(far) === typists.length * keystrokes, 10_000)
    expect(lateMs).toBeLessThan(500)
    await clock.runFor(15_000)
    expect(meeting.agree(all)).toBe(true)
    expect(faults).toEqual([])
  }, 60_000)

  it('[WK4] [WK5] what honest people may come to at once is a part of each limit', () => {
    const keystroke = workOf('entry', 300)
    expect(1_000_000 * keystroke).toBeLessThan(LINK_WORK.burstMs)
    expect(40 * 10 * keystroke).toBeLessThan(LINK_WORK.perSecondMs / 2)
    expect(1_000 * workOf('author', 33 + 3 * 145)).toBeLessThan(LINK_WORK.burstMs / 100)
    expect(UNASKED_RECORDS * workOf('digest', 300)).toBeLessThan(LINK_WASTE.burstMs / 10)
    // All that may be sent unasked for ever is within what a link may cost for ever.
    expect(LINK_BUDGET.news.perSecond * keystroke).toBeLessThan(LINK_WORK.perSecondMs)
  })
})
