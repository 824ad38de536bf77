/** What hostile members cost a room: storms are answered once a second, false readings once in ten, and nobody for ever. */

import { CLOSE, type DocName, type Frame, sha256 } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { RoomEvent } from '../api.ts'
import { REFUSED_KEY_MS } from '../limits.ts'
import { joinRoomOn } from '../rooms.ts'
import { type HostileLink, HostilePeer, typing } from '../testing/hostile-peer.ts'
import { type Guest, Meeting, SIGNALING } from './meeting.ts'

const FAR = { notAfterMs: 4e12 } as const

async function pair(seed: number) {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const ben = await meeting.join('ben', ada)
  ada.doc.doc.getText('t').insert(0, 'honest')
  await meeting.until(() => meeting.agree([ada, ben], 'honest') && ada.room.state.people.length === 2)
  await meeting.world.clock.runFor(15_000)
  return { meeting, ada, ben }
}

async function hostile(meeting: Meeting, ada: Guest, role: 'viewer' | 'editor', host: string) {
  const { link } = await meeting.during(ada.room.createInvite('https://parley.test/', { role, ...FAR }))
  const peer = await meeting.during(HostilePeer.join(meeting.world.platform(host), link, SIGNALING))
  await meeting.until(() => peer.links.length === 2)
  await meeting.world.clock.runFor(3_000)
  return peer
}

const linkTo = (peer: HostilePeer, guest: Guest) =>
  peer.links.find((to) => to.proven.peer.standing.key === guest.room.self.key) as HostileLink
const of = (to: HostileLink, type: Frame['type']) => to.received.filter((frame) => frame.type === type)

describe('storms', () => {
  it('[F37] [SY4] of DIGEST and HEADS over a proven link: one reply a second, the document and the link stay', async () => {
    const { meeting, ada, ben } = await pair(601)
    const mallory = await hostile(meeting, ada, 'viewer', 'mallory')
    const to = linkTo(mallory, ada)
    const kept = Y.encodeStateAsUpdate(ada.doc.doc)
    const before = { digests: of(to, 'digest').length, heads: of(to, 'heads').length }
    const seconds = 5
    for (let second = 0; second < seconds; second++) {
      for (let i = 0; i < 40; i++) {
        mallory.send(to, { type: 'digest', root: new Uint8Array(32).fill(i), buckets: null })
        const buckets = Uint8Array.from({ length: 256 }, (_, bucket) => bucket)
        mallory.send(to, { type: 'heads', answer: true, buckets, heads: [] })
      }
      await meeting.world.clock.runFor(1_000)
    }
    const replies = of(to, 'digest').length - before.digests
    // One of the digests goes out every 10 s of itself, and one when it has been quiet.
    expect(replies).toBeGreaterThanOrEqual(seconds - 1)
    expect(replies).toBeLessThanOrEqual(seconds + 2)
    const told = of(to, 'heads').length - before.heads
    expect(told).toBeGreaterThanOrEqual(seconds - 1)
    expect(told).toBeLessThanOrEqual(seconds + 1)
    expect(to.closed).toBe(null)
    expect(Y.encodeStateAsUpdate(ada.doc.doc)).toEqual(kept)
    ben.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree([ada, ben], 'still honest'))
  })

  it('[FD2] of false READINGs costs one fold at the same heads, and no document', async () => {
    const { meeting, ada, ben } = await pair(602)
    const mallory = await hostile(meeting, ada, 'viewer', 'mallory')
    const to = linkTo(mallory, ada)
    let replaced = 0
    for (const guest of [ada, ben]) guest.doc.onReplaced(() => replaced++)
    const doc = 'content/main' as DocName
    ada.doc.doc.getText('t').insert(0, 'very ')
    await meeting.world.clock.runFor(5_000)
    const reading = to.received.filter((frame) => frame.type === 'reading' && frame.doc === doc).at(-1)
    const heads = reading?.type === 'reading' ? reading.heads : new Uint8Array(32)
    const folds = () => meeting.world.logLines.filter(({ event }) => event === 'readings-differ').length
    for (let second = 0; second < 40; second++) {
      for (let i = 0; i < 50; i++) {
        const forged = sha256(Uint8Array.of(second, i))
        mallory.send(to, { type: 'reading', doc, heads, reading: forged })
      }
      await meeting.world.clock.runFor(1_000)
    }
    // 2,000 of them over four intervals: compared once, and at heads where a fold agreed not again.
    expect(folds()).toBe(1)
    expect(replaced).toBe(0)
    expect(meeting.agree([ada, ben], 'very honest')).toBe(true)
  })
})

describe('shutting out', () => {
  it('[ST3] a key that broke a rule is shut out for ten minutes, and let in again', async () => {
    const { meeting, ada } = await pair(603)
    const mallory = await hostile(meeting, ada, 'viewer', 'mallory')
    const log = mallory.log('content/main', 1)
    const { entry } = await log.next(typing(log.clientId, 'EVIL'), meeting.world.clock.nowMs())
    const to = linkTo(mallory, ada)
    mallory.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
    mallory.send(to, { type: 'entry', entry: entry.bytes })
    await meeting.until(() => to.closed?.reason === 'role')
    mallory.close()
    meeting.world.kill('mallory')
    const again = async () => {
      const peer = new HostilePeer(meeting.world.platform('mallory'), mallory.entrance, SIGNALING)
      await meeting.until(() => peer.links.length >= 1, 60_000)
      await meeting.world.clock.runFor(5_000)
      const closed = linkTo(peer, ada)?.closed?.reason ?? null
      peer.close()
      meeting.world.kill('mallory')
      return closed
    }
    expect(await again()).toBe('role')
    await meeting.world.clock.runFor(REFUSED_KEY_MS)
    expect(await again()).toBe(null)
  })

  it('[HS3] [F17] a grant that ends while connected: closed with 4401 within a minute, nothing lost; a longer one stays', async () => {
    const meeting = new Meeting({ seed: 604 })
    const ada = await meeting.make('ada')
    const endMs = meeting.world.clock.nowMs() + 60_000
    const cleo = await meeting.join('cleo', ada, { notAfterMs: endMs })
    const dan = await meeting.join('dan', ada, { notAfterMs: endMs + 600_000 })
    await meeting.until(() => [ada, cleo, dan].every(({ room }) => room.state.people.length === 3))
    const closed: { event: RoomEvent; atMs: number }[] = []
    ada.room.onEvent((event) => {
      if (event.type === 'link-closed') closed.push({ event, atMs: meeting.world.clock.nowMs() })
    })
    cleo.doc.doc.getText('t').insert(0, 'in time')
    await meeting.until(() => meeting.agree([ada, cleo, dan], 'in time'))
    const bytes = () => [ada, dan].map((guest) => Y.encodeStateAsUpdate(guest.doc.doc))
    const kept = bytes()
    await meeting.world.clock.runFor(endMs - meeting.world.clock.nowMs() + 60_000)
    expect(closed[0]?.event).toMatchObject({ reason: 'notProven', key: cleo.room.self.key })
    expect(closed[0]?.atMs).toBeGreaterThan(endMs)
    expect(closed[0]?.atMs).toBeLessThanOrEqual(endMs + 60_000)
    // It comes again as long as signaling lets it, and is closed each time.
    const codes = closed.map(({ event }) => (event.type === 'link-closed' ? CLOSE[event.reason] : 0))
    expect(new Set(codes)).toEqual(new Set([4401]))
    for (const guest of [ada, dan])
      expect(guest.room.state.people.map(({ name }) => name).sort()).toEqual(['ada', 'dan'])
    expect(bytes()).toEqual(kept)
    expect(meeting.textOf(cleo)).toBe('in time')
    dan.doc.doc.getText('t').insert(0, 'dan stays ')
    await meeting.until(() => meeting.agree([ada, dan], 'dan stays in time'))
  })
})

describe('the network comes back', () => {
  it('[OV4] signaling is dialled again at once when the platform says so', async () => {
    const { meeting, ada } = await pair(605)
    const { link } = await meeting.during(
      ada.room.createInvite('https://parley.test/', { role: 'viewer', ...FAR }),
    )
    const calls: (() => void)[] = []
    let dialled = 0
    const platform = meeting.world.platform('cleo')
    const online = {
      ...platform,
      dial: (...args: Parameters<typeof platform.dial>) => {
        dialled++
        return platform.dial(...args)
      },
      onOnline: (call: () => void) => {
        calls.push(call)
        return () => undefined
      },
    }
    const options = { signaling: [SIGNALING], profile: { name: 'cleo', color: '#000000' } }
    await meeting.during(joinRoomOn(online, link, options))
    await meeting.until(() => dialled > 0)
    meeting.world.signaling.down()
    await meeting.world.clock.runFor(240_000)
    const before = dialled
    await meeting.world.clock.runFor(1)
    for (const call of calls) call()
    await meeting.world.clock.runFor(1)
    expect([calls.length, dialled - before]).toEqual([1, 1])
  })
})
