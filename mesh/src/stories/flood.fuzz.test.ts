/** Floods: hostile entries under viewers' grants against eight peers, honest updates out of order over several. */
import { encodeFrame } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { RoomEvent } from '../api.ts'
import { seededFraction } from '../testing/honest-traffic.ts'
import { HostilePeer, typing } from '../testing/hostile-peer.ts'
import { mutated } from '../testing/mutated-bytes.ts'
import { RunFigures } from '../testing/run-figures.ts'
import { type Guest, Meeting, SIGNALING } from './meeting.ts'

const LONG = process.env['PARLEY_LONG'] === '1'
const HOSTILE_ENTRIES = LONG ? 100_000 : 2_000
/** Of these each reached a link that was open. */
const MALFORMED_FRAMES = LONG ? 50_000 : 600
const PER_LINK = 50
/** How no link ends that was sent nonsense: nobody signed it, and the other side goes on. */
const NEVER = ['role', 'equivocation', 'revoked', 'timeout'] as const

async function eight(seed: number) {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const guests: Guest[] = [ada]
  for (let i = 1; i < 8; i++) guests.push(await meeting.join(`guest${i}`, ada))
  ada.doc.doc.getText('t').insert(0, 'honest')
  await meeting.until(() => meeting.agree(guests, 'honest'), 120_000)
  await meeting.world.clock.runFor(15_000)
  const bytes = () => guests.map((guest) => Y.encodeStateAsUpdate(guest.doc.doc))
  let updates = 0
  const events: RoomEvent[] = []
  for (const guest of guests) {
    guest.doc.doc.on('update', () => updates++)
    guest.room.onEvent((event) => void events.push(event))
  }
  const told = (type: RoomEvent['type']) => events.filter((event) => event.type === type)
  return { meeting, ada, guests, bytes, updateCount: () => updates, told }
}

/** Those of its links that lead to honest people. */
function honestLinks({ links }: HostilePeer, guests: readonly Guest[]) {
  const keys = new Set(guests.map(({ room }) => room.self.key))
  return links.filter((to) => keys.has(to.proven.peer.standing.key))
}

/** A new attacker with a new key each time: the last one was shut out. */
async function attacker(meeting: Meeting, ada: Guest, name: string, role: 'viewer' | 'editor') {
  const { link } = await ada.room.createInvite('https://parley.test/', { role, notAfterMs: 4e12 })
  const mallory = await meeting.during(HostilePeer.join(meeting.world.platform(name), link, SIGNALING))
  await meeting.until(() => mallory.links.length > 0)
  await meeting.world.clock.runFor(500)
  return mallory
}

describe('floods', () => {
  it(`[F18] ${HOSTILE_ENTRIES} entries that viewers signed, direct and relayed, against 8 peers: none is applied`, async () => {
    const { meeting, ada, guests, bytes, updateCount } = await eight(71)
    const kept = bytes()
    const figures = new RunFigures('entries under viewer grants, 8 peers, seed 71')
    const carrier = await attacker(meeting, ada, 'carrier', 'viewer')
    await meeting.until(() => carrier.links.length === 8)
    let sent = 0
    for (let round = 0; sent < HOSTILE_ENTRIES; round++) {
      const mallory = await attacker(meeting, ada, `mallory${round}`, 'viewer')
      const log = mallory.log('content/main', 1)
      const from = round % 2 === 0 ? mallory : carrier
      const open = from.links.filter(
        (to) => !to.closed && to.proven.peer.standing.key !== mallory.entrance.identity.standing.key,
      )
      for (let i = 0; i < PER_LINK; i++) {
        const { entry } = await log.next(typing(log.clientId, 'EVIL'), meeting.world.clock.nowMs())
        for (const to of open) {
          if (i === 0) from.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
          from.send(to, { type: 'entry', entry: entry.bytes })
          sent++
        }
      }
      await meeting.until(() => honestLinks(mallory, guests).every((to) => to.closed?.reason === 'role'))
      mallory.close()
      meeting.world.discard(`mallory${round}`)
      if (round % 20 === 0) figures.sample()
    }
    expect(honestLinks(carrier, guests).map((to) => to.closed)).toEqual(Array(8).fill(null))
    figures.print({ sent, accepted: updateCount() })
    expect(updateCount()).toBe(0)
    expect(bytes()).toEqual(kept)
    ada.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree(guests, 'still honest'))
  }, 3_600_000)

  it(`[F25] ${MALFORMED_FRAMES} malformed frames on proven links, new ones in place of the closed: no crash, no change, no event`, async () => {
    const { meeting, ada, guests, bytes, updateCount, told } = await eight(72)
    const kept = bytes()
    const figures = new RunFigures('malformed frames on proven links, 8 peers, seed 72')
    let count = 0
    const ends = new Map<string, number>()
    const fraction = seededFraction(72)
    const corpus = honestFrames()
    for (let round = 0; count < MALFORMED_FRAMES; round++) {
      const mallory = await attacker(meeting, ada, `mallory${round}`, 'editor')
      for (let step = 0; step < PER_LINK; step++) {
        const open = mallory.links.filter((to) => !to.closed)
        if (open.length === 0) break
        for (const to of open) {
          const frame = mutated(corpus[Math.floor(fraction() * corpus.length)] as Uint8Array, fraction)
          to.proven.link.send(frame, fraction() < 0.5 ? 'live' : 'control')
        }
        count += open.length
        // It arrives, and the CLOSE comes back.
        await meeting.world.clock.runFor(250)
      }
      for (const { closed } of mallory.links) {
        const reason = closed?.reason ?? 'open'
        ends.set(reason, (ends.get(reason) ?? 0) + 1)
      }
      mallory.close()
      meeting.world.discard(`mallory${round}`)
      if (round % 50 === 0) figures.sample()
    }
    expect(ends.get('malformed')).toBeGreaterThan(count / 2)
    for (const reason of NEVER) expect(ends.get(reason)).toBe(undefined)
    for (const type of ['author-refused', 'equivocation', 'revoked', 'error'] as const)
      expect(told(type)).toEqual([])
    const mean = `${(figures.elapsedMs / count).toFixed(3)} ms`
    // All peers are in this process, and each has met a new device every few hundred frames, whose chain it keeps.
    const perPeer = figures.grownMegabytes / 8
    figures.print({
      frames: count,
      links: JSON.stringify(Object.fromEntries(ends)),
      changes: updateCount(),
      'mean, links and all': mean,
      'MB more per peer': perPeer.toFixed(1),
    })
    if (figures.isExact) expect(perPeer).toBeLessThan(50)
    expect(updateCount()).toBe(0)
    expect(bytes()).toEqual(kept)
    ada.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree(guests, 'still honest'), 120_000)
  }, 3_600_000)
})

function honestFrames(): Uint8Array[] {
  const hash = new Uint8Array(32).fill(7)
  return [
    encodeFrame({ type: 'digest', root: hash, buckets: null }),
    encodeFrame({ type: 'heads', answer: true, buckets: new Uint8Array([1, 2]), heads: [] }),
    encodeFrame({ type: 'want', ranges: [] }),
    encodeFrame({ type: 'author', chain: new Uint8Array(200) }),
    encodeFrame({ type: 'entry', entry: new Uint8Array(300).fill(1) }),
    encodeFrame({ type: 'presence', sealed: new Uint8Array(80) }),
    encodeFrame({ type: 'keys', epochs: [{ counter: 1, key: hash }] }),
    encodeFrame({ type: 'ping', count: 3 }),
    encodeFrame({ type: 'credit', bytes: 100 }),
  ]
}
