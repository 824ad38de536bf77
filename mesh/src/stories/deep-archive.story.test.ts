/** What an archivist has only on its disk counts like what everybody else has in memory. */
import {
  BUCKET_HASH_BYTES,
  compareBytes,
  DIGEST_BUCKETS,
  decodeEntry,
  type Frame,
  toBase64Url,
} from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import type { HashedEntry } from '../journal/entry-seal.ts'
import type { KeptRoom } from '../kept-room-api.ts'
import type { Platform } from '../ports.ts'
import { keepRoomOn } from '../rooms.ts'
import { HostilePeer } from '../testing/hostile-peer.ts'
import { type Guest, Meeting, SIGNALING } from './meeting.ts'

const FAR = { notAfterMs: 4e12 } as const
const BASE = 'https://parley.test/'
/** Open nowhere: nobody looks inside. */
const DOC = 'content/closed'
const COUNT = 6

const keep = (meeting: Meeting, place: string): Promise<KeptRoom> =>
  meeting.during(keepRoomOn(meeting.world.platform('keeper'), place, { signaling: [SIGNALING] }))

async function restart(meeting: Meeting, keeper: KeptRoom): Promise<KeptRoom> {
  meeting.world.kill('keeper')
  await meeting.world.clock.runFor(20_000)
  return keep(meeting, keeper.id)
}

async function kept(seed: number) {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const { link } = await meeting.during(ada.room.createInvite(BASE, { role: 'archivist', ...FAR }))
  const keeper = await keep(meeting, link)
  await meeting.until(() => keeper.stats().linkCount === 1)
  return { meeting, ada, keeper }
}

async function stranger(meeting: Meeting, ada: Guest, host: string, links: number): Promise<HostilePeer> {
  const { link } = await meeting.during(ada.room.createInvite(BASE, { role: 'editor', ...FAR }))
  const peer = await meeting.during(HostilePeer.join(meeting.world.platform(host), link, SIGNALING))
  await meeting.until(() => peer.links.length === links)
  return peer
}

const update = (byte: number) => new Uint8Array(20).fill(byte)

/** A log, and for its second place another entry that wins or loses against it. */
async function forkedLog(peer: HostilePeer, nowMs: number, otherWins: boolean) {
  const log = peer.log(DOC, 1)
  const entries: HashedEntry[] = []
  for (let i = 0; i < COUNT; i++) entries.push(await log.next(update(i), nowMs))
  const [first, second] = entries as [HashedEntry, HashedEntry]
  for (let i = 100; ; i++) {
    const other = await peer.log(DOC, 1).next(update(i), nowMs, { seq: 2, prev: first.hash })
    if (compareBytes(other.hash, second.hash) < 0 === otherWins) return { log, entries, other }
  }
}

function sendAll(peer: HostilePeer, entries: readonly HashedEntry[]): void {
  for (const to of peer.links) {
    peer.send(to, { type: 'author', chain: peer.entrance.identity.chain })
    for (const { entry } of entries) peer.send(to, { type: 'entry', entry: entry.bytes })
  }
}

/** What everybody serves of a log, as places and the first byte of what lies there, by whom it was asked. */
async function served(meeting: Meeting, ada: Guest, entries: readonly HashedEntry[]) {
  const eve = await stranger(meeting, ada, `eve-${meeting.world.clock.elapsedMs()}`, 2)
  const { doc, author, session, log } = (entries[0] as HashedEntry).entry
  for (const to of eve.links) {
    const { entrance, links } = eve
    eve.send(to, { type: 'author', chain: entrance.identity.chain })
    eve.send(to, { type: 'want', ranges: [{ doc, author, session, log, from: 1, to: 99 }] })
    expect(links).toHaveLength(2)
  }
  await meeting.world.clock.runFor(5_000)
  const found = eve.links.map(({ received }) =>
    received.filter(isEntry).map(({ entry }) => placeOf(entries, entry)),
  )
  eve.close()
  return found
}

const isEntry = (frame: Frame): frame is Extract<Frame, { type: 'entry' }> => frame.type === 'entry'

function placeOf(entries: readonly HashedEntry[], bytes: Uint8Array): number {
  return entries.findIndex(({ entry }) => Buffer.compare(entry.bytes, bytes) === 0)
}

describe('a fork of what lies only on the disk of an archivist', () => {
  for (const otherWins of [false, true]) {
    for (const restarts of [false, true]) {
      const how = `${otherWins ? 'the later' : 'the stored'} entry stands${restarts ? ', after a restart' : ''}`
      it(`[ST4] [ST6] [DS12] is proven and settled as everywhere: ${how}`, async () => {
        const { meeting, ada, keeper } = await kept(700 + Number(otherWins) * 2 + Number(restarts))
        const mallory = await stranger(meeting, ada, 'mallory', 2)
        const nowMs = meeting.world.clock.nowMs()
        const { entries, other } = await forkedLog(mallory, nowMs, otherWins)
        const before = keeper.stats().entryCount
        sendAll(mallory, entries)
        await meeting.until(() => keeper.stats().entryCount === before + COUNT)
        await meeting.world.clock.runFor(2_000)
        const now = restarts ? await restart(meeting, keeper) : keeper
        await meeting.until(() => now.stats().linkCount === 2)
        expect(now.stats().entryCount).toBe(before + COUNT)
        const events: string[] = []
        ada.room.onEvent(({ type }) => void events.push(type))
        // To the archivist alone: whoever is left hears of it by its proof.
        for (const to of mallory.links.filter(({ closed, proven }) => !closed && isArchivist(proven)))
          mallory.send(to, { type: 'entry', entry: other.entry.bytes })
        await meeting.until(() => mallory.links.every(({ closed }) => closed !== null))
        expect(mallory.links.map(({ closed }) => closed?.reason)).toContain('equivocation')
        expect(events).toContain('equivocation')
        mallory.close()
        await meeting.world.clock.runFor(30_000)
        const all = [...entries, other]
        const whole = entries.map((_, i) => i)
        const [one, two] = await served(meeting, ada, all)
        expect(one).toEqual(otherWins ? [0] : whole)
        expect(two).toEqual(one)
        const again = await restart(meeting, now)
        await meeting.until(() => again.stats().linkCount === 1)
        expect(again.stats().entryCount).toBe(now.stats().entryCount)
        await meeting.world.clock.runFor(10_000)
        expect(await served(meeting, ada, all)).toEqual([one, one])
      })
    }
  }
})

function isArchivist({ peer }: HostilePeer['links'][number]['proven']): boolean {
  return peer.standing.role === 'archivist'
}

it('[SY1] [ST1] [DS11] what a revocation cut is told of at the cut, by an archivist that started anew as well', async () => {
  const { meeting, ada, keeper } = await kept(710)
  const ben = await meeting.join('ben', ada)
  await meeting.during(ben.doc.whenLoaded)
  for (let i = 0; i < 5; i++) {
    ben.doc.doc.getText('t').insert(0, `${i}`)
    await meeting.world.clock.runFor(1_000)
  }
  await meeting.until(() => meeting.agree([ada, ben], '43210') && ben.room.state.save.archivist === 'holds')
  meeting.world.network.partition([['ada'], ['ben', 'keeper']])
  await meeting.during(ada.room.revoke(ben.room.self.key))
  for (let i = 5; i < 9; i++) {
    ben.doc.doc.getText('t').insert(0, `${i}`)
    await meeting.world.clock.runFor(1_000)
  }
  await meeting.world.clock.runFor(5_000)
  const beyond = keeper.stats().entryCount
  meeting.world.kill('ben')
  meeting.world.network.heal()
  await meeting.until(() => ada.room.state.connection.name === 'connected', 120_000)
  const again = await restart(meeting, keeper)
  expect(again.stats().entryCount).toBeGreaterThanOrEqual(beyond)
  await meeting.until(() => ada.room.state.save.archivist === 'holds')
  await meeting.world.clock.runFor(20_000)
  const [one, two] = await headsTold(meeting, ada)
  expect(one?.find((head) => head.startsWith(`content/main ${ben.room.self.key}`))).toMatch(/ 5 /)
  expect(two).toEqual(one)
})

/** Heads of all logs, as each of those who are here tells them. */
async function headsTold(meeting: Meeting, ada: Guest): Promise<string[][]> {
  const eve = await stranger(meeting, ada, 'eve', 2)
  await meeting.world.clock.runFor(10_000)
  const buckets = Array.from({ length: DIGEST_BUCKETS }, () => new Uint8Array(BUCKET_HASH_BYTES))
  for (const to of eve.links) eve.send(to, { type: 'digest', root: new Uint8Array(32), buckets })
  await meeting.world.clock.runFor(5_000)
  return eve.links.map(({ received }) => {
    const heads = received.flatMap((frame) => (frame.type === 'heads' ? frame.heads : []))
    return [...new Set(heads.map(({ log, seq, hash }) => `${log} ${seq} ${toBase64Url(hash)}`))].sort()
  })
}

/** The same ports with a keyring that counts entries and chains that are verified. */
function counting(platform: Platform) {
  const counts = { entries: 0 }
  const verify: Platform['keyring']['verify'] = (key, message, signature) => {
    if (Buffer.from(message).toString('latin1').startsWith('parley/entry/v1')) counts.entries++
    return platform.keyring.verify(key, message, signature)
  }
  const logged: string[] = []
  const log: Platform['log'] = (_level, event) => void logged.push(event)
  return { counts, logged, platform: { ...platform, log, keyring: { ...platform.keyring, verify } } }
}

describe('[AR13] a start', () => {
  async function stopped(seed: number) {
    const { meeting, ada, keeper } = await kept(seed)
    const ben = await meeting.join('ben', ada)
    await meeting.during(ada.room.revoke(ben.room.self.key))
    for (let i = 0; i < 30; i++) {
      ada.doc.doc.getText('t').insert(0, 'x')
      await meeting.world.clock.runFor(300)
    }
    await meeting.until(() => ada.room.state.save.archivist === 'holds')
    const { entryCount } = keeper.stats()
    meeting.world.kill('keeper')
    await meeting.world.clock.runFor(20_000)
    const storage = await meeting.world.storages('keeper').open(keeper.id.slice(0, 22))
    return { meeting, keeper, entryCount, storage }
  }

  it('verifies owners’ records, and nothing else of what was verified before it was stored', async () => {
    const { meeting, keeper, entryCount, storage } = await stopped(720)
    const { entries } = await storage.load()
    const metaLogs = new Set(
      entries.map((bytes) => decodeEntry(bytes)).flatMap(({ doc, log }) => (doc === 'meta' ? [log] : [])),
    )
    const { counts, platform, logged } = counting(meeting.world.platform('keeper'))
    const again = await meeting.during(keepRoomOn(platform, keeper.id, { signaling: [] }))
    expect(again.stats().entryCount).toBe(entryCount)
    expect(entryCount).toBeGreaterThan(30)
    expect(counts.entries).toBe(metaLogs.size)
    expect(logged).toEqual([])
  })

  it('leaves out an owner’s record that its author did not sign', async () => {
    const { meeting, keeper, entryCount, storage } = await stopped(721)
    const { entries, records } = await storage.load()
    const last = entries.findLastIndex((bytes) => decodeEntry(bytes).doc === 'meta')
    expect(last).toBeGreaterThanOrEqual(0)
    const forged = entries.map((bytes, i) => (i === last ? flipped(bytes) : bytes))
    await meeting.world.storages('keeper').remove(keeper.id.slice(0, 22))
    const changed = await meeting.world.storages('keeper').open(keeper.id.slice(0, 22))
    changed.append(forged)
    for (const [name, value] of records) await changed.put(name, value)
    await changed.flush()
    const { platform, logged } = counting(meeting.world.platform('keeper'))
    const again = await meeting.during(keepRoomOn(platform, keeper.id, { signaling: [] }))
    expect(again.stats().entryCount).toBe(entryCount - 1)
    expect(logged).toEqual(['stored-entries-left-out'])
  })
})

/** A bit of the signature. */
function flipped(bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice()
  changed[changed.length - 1] = (changed[changed.length - 1] as number) ^ 1
  return changed
}
