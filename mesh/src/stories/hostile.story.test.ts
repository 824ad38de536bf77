import { CLOSE, decodeChain, encodeChain, encodeMetaRecord, equalBytes, limits } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { RoomEvent } from '../api.ts'
import { HostilePeer, typing } from '../testing/hostile-peer.ts'
import { type Guest, Meeting, SIGNALING } from './meeting.ts'

function refusals(guest: Guest): RoomEvent[] {
  const events: RoomEvent[] = []
  guest.room.onEvent((event) => {
    if (event.type === 'author-refused') events.push(event)
  })
  return events
}

/** With which code each of the links was closed; `null` for those that live. */
const codesOf = ({ links }: HostilePeer) =>
  links.map(({ closed }) => closed && CLOSE[closed.reason as keyof typeof CLOSE])

/** Ada and ben type; mallory joins with a modified client under a grant of `role`. */
async function attacked(seed: number, role: 'viewer' | 'commenter' | 'editor') {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const ben = await meeting.join('ben', ada)
  ada.doc.doc.getText('t').insert(0, 'honest')
  await meeting.until(() => meeting.agree([ada, ben], 'honest') && ada.room.state.people.length === 2)
  const { link } = await ada.room.createInvite('https://parley.test/', { role, notAfterMs: 4e12 })
  const mallory = await meeting.during(HostilePeer.join(meeting.world.platform('mallory'), link, SIGNALING))
  await meeting.until(() => mallory.links.length === 2)
  const bytes = () => [ada, ben].map((guest) => Y.encodeStateAsUpdate(guest.doc.doc))
  return { meeting, ada, ben, mallory, link, kept: bytes(), bytes, refused: refusals(ada) }
}

describe('hostile peers', () => {
  it('[ST3] [F18] an entry that a viewer signs is applied by nobody, and the key is shut out', async () => {
    const { meeting, ada, ben, mallory, link, kept, bytes, refused } = await attacked(21, 'viewer')
    const log = mallory.log('content/main', 1)
    const { entry } = await log.next(typing(log.clientId, 'EVIL '), meeting.world.clock.nowMs())
    for (const to of mallory.links)
      mallory.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
    for (const to of mallory.links) mallory.send(to, { type: 'entry', entry: entry.bytes })
    await meeting.until(() => mallory.links.every((to) => to.closed !== null))
    expect(codesOf(mallory)).toEqual([4403, 4403])
    expect(bytes()).toEqual(kept)
    expect(refused).toMatchObject([{ author: mallory.entrance.identity.standing.key, reason: 'role' }])
    mallory.close()
    const again = await meeting.during(HostilePeer.join(meeting.world.platform('mallory'), link, SIGNALING))
    await meeting.until(
      () => again.links.length > 0 && again.links.every((to) => to.closed?.reason === 'role'),
    )
    ben.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree([ada, ben], 'still honest'))
  })

  it('[ST3] [F18] an honest third does not pass it on, and whoever does carry it is not blamed', async () => {
    const { meeting, ada, ben, mallory, link, bytes, kept, refused } = await attacked(22, 'viewer')
    const eve = await meeting.during(HostilePeer.join(meeting.world.platform('eve'), link, SIGNALING))
    await meeting.until(() => eve.links.length === 3 && mallory.links.length === 3)
    const log = mallory.log('content/main', 1)
    const { entry } = await log.next(typing(log.clientId, 'EVIL '), meeting.world.clock.nowMs())
    for (const to of eve.links) eve.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
    for (const to of eve.links) eve.send(to, { type: 'entry', entry: entry.bytes })
    await meeting.until(() => mallory.links.filter((to) => to.closed?.reason === 'role').length === 2)
    await meeting.world.clock.runFor(20_000)
    expect(bytes()).toEqual(kept)
    expect(refused).toMatchObject([{ author: mallory.entrance.identity.standing.key, reason: 'role' }])
    expect(eve.links.map((to) => to.closed)).toEqual([null, null, null])
    const passedOn = eve.links.flatMap((to) => to.received).filter((frame) => frame.type === 'entry')
    expect(passedOn.every((frame) => frame.type === 'entry' && !equalBytes(frame.entry, entry.bytes))).toBe(
      true,
    )
    ben.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree([ada, ben], 'still honest'))
  })

  it('[ST1] [F20] an editor who writes `meta` is refused, and nobody loses a right', async () => {
    const { meeting, ada, ben, mallory, bytes, kept } = await attacked(23, 'editor')
    const log = mallory.log('meta', 1)
    const revoke = encodeMetaRecord({ type: 'revoke', key: ben.room.self.key, keep: [], heads: [] })
    const { entry } = await log.next(revoke, meeting.world.clock.nowMs())
    for (const to of mallory.links)
      mallory.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
    for (const to of mallory.links) mallory.send(to, { type: 'entry', entry: entry.bytes })
    await meeting.until(() => mallory.links.every((to) => to.closed !== null))
    expect(codesOf(mallory)).toEqual([4403, 4403])
    expect(bytes()).toEqual(kept)
    for (const { room } of [ada, ben]) expect(room.isRevoked(ben.room.self.key)).toBe(false)
    ben.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree([ada, ben], 'still honest'))
  })

  it('[ST8] [F19] a commenter adds comments and takes back its own, not those of others', async () => {
    const { meeting, ada, ben, mallory, bytes, kept } = await attacked(31, 'commenter')
    const comments = (guest: Guest) => guest.room.document('comments').doc.getArray<string>('c').toArray()
    const cleo = await meeting.join('cleo', ada, { role: 'commenter' })
    await meeting.until(() => cleo.room.state.people.length >= 3)
    expect(cleo.doc.writable).toBe(false)
    ada.room.document('comments').doc.getArray('c').push(['by ada'])
    cleo.room.document('comments').doc.getArray('c').push(['by cleo', 'a slip'])
    await meeting.until(() => [ada, ben, cleo].every((guest) => comments(guest).length === 3))
    const own = comments(cleo).indexOf('a slip')
    cleo.room.document('comments').doc.getArray('c').delete(own, 1)
    await meeting.until(() => [ada, ben, cleo].every((guest) => comments(guest).length === 2))
    const log = mallory.log('comments', 1)
    const deleteAll = Y.encodeStateAsUpdate(ada.room.document('comments').doc)
    const { entry } = await log.next(deletionsOf(deleteAll), meeting.world.clock.nowMs())
    for (const to of mallory.links)
      mallory.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
    for (const to of mallory.links) mallory.send(to, { type: 'entry', entry: entry.bytes })
    await meeting.until(() => mallory.links.every((to) => to.closed !== null))
    expect(codesOf(mallory)).toEqual([4403, 4403, 4403])
    for (const guest of [ada, ben, cleo]) expect(comments(guest).sort()).toEqual(['by ada', 'by cleo'])
    expect(bytes()).toEqual(kept)
    cleo.room.document('comments').doc.getArray('c').push(['cleo goes on'])
    await meeting.until(() => [ada, ben].every((guest) => comments(guest).includes('cleo goes on')))
  })

  it('[ST3] [F19] a commenter who writes content is refused', async () => {
    const { meeting, ada, ben, mallory, bytes, kept } = await attacked(32, 'commenter')
    const log = mallory.log('content/main', 1)
    const { entry } = await log.next(typing(log.clientId, 'EVIL '), meeting.world.clock.nowMs())
    for (const to of mallory.links)
      mallory.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
    for (const to of mallory.links) mallory.send(to, { type: 'entry', entry: entry.bytes })
    await meeting.until(() => mallory.links.every((to) => to.closed?.reason === 'role'))
    expect(bytes()).toEqual(kept)
    ben.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree([ada, ben], 'still honest'))
  })

  it("[F21] [EN6] a viewer carries an editor's entries between two who cannot reach each other", async () => {
    const meeting = new Meeting({ seed: 24 })
    meeting.world.network.block('ada', 'ben')
    const ada = await meeting.make('ada')
    const eve = await meeting.join('eve', ada, { role: 'viewer' })
    const ben = await meeting.join('ben', ada)
    await meeting.until(() => eve.room.state.people.length === 3)
    const refused = [ada, ben, eve].map(refusals)
    ada.doc.doc.getText('t').insert(0, 'by way of eve')
    await meeting.until(() => meeting.agree([ada, ben, eve], 'by way of eve'))
    ben.doc.doc.getText('t').insert(0, 'and back ')
    await meeting.until(() => meeting.agree([ada, ben, eve], 'and back by way of eve'))
    await meeting.world.clock.runFor(20_000)
    expect(meeting.world.network.links()).toEqual([
      ['ada', 'eve'],
      ['ben', 'eve'],
    ])
    expect(refused).toEqual([[], [], []])
  })

  it('[EN8] [F22] one altered bit: whoever carried it loses the link, its author nothing', async () => {
    const { meeting, ada, ben, mallory, bytes, refused } = await attacked(25, 'viewer')
    ada.doc.doc.getText('t').insert(0, 'x')
    await meeting.until(() => mallory.links.some((to) => to.received.some((frame) => frame.type === 'entry')))
    ada.doc.doc.getText('t').delete(0, 1)
    const frames = mallory.links.flatMap((to) => to.received)
    const carried = frames.find((frame) => frame.type === 'entry')
    if (carried?.type !== 'entry') throw new Error('nothing to alter')
    const altered = carried.entry.slice()
    altered[altered.length - 80] = (altered[altered.length - 80] as number) ^ 1
    const authors = frames.filter((frame) => frame.type === 'author')
    await meeting.until(() => meeting.agree([ada, ben], 'honest'))
    const kept = bytes()
    for (const to of mallory.links) for (const author of authors) mallory.send(to, author)
    for (const to of mallory.links) mallory.send(to, { type: 'entry', entry: altered })
    await meeting.until(() => mallory.links.every((to) => to.closed !== null))
    expect(codesOf(mallory)).toEqual([4400, 4400])
    expect(refused).toEqual([])
    expect(bytes()).toEqual(kept)
    ada.doc.doc.getText('t').insert(0, 'ada is ')
    await meeting.until(() => meeting.agree([ada, ben], 'ada is honest'))
  })

  it.each([
    [
      '[F26] an update in V2, with a run-length bomb',
      () => new Uint8Array([0, 0, 5, 220, 129, 188, 158, 15, 0, 0, 0, 0, 0, 0, 1, 0]),
    ],
    ['[F27] a claim of 2^31 structs', () => new Uint8Array([1, 255, 255, 255, 255, 7, 1, 0, 0, 0])],
    ['[F30] a foreign clientID', () => typing(4711, 'EVIL')],
  ])('[GT6] %s: refused by all, kept', async (_name, update) => {
    const { meeting, ada, ben, mallory, kept, bytes, refused } = await attacked(26, 'editor')
    const log = mallory.log('content/main', 1)
    const { entry } = await log.next(update(), meeting.world.clock.nowMs())
    for (const to of mallory.links)
      mallory.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
    for (const to of mallory.links) mallory.send(to, { type: 'entry', entry: entry.bytes })
    await meeting.until(() => mallory.links.every((to) => to.closed !== null))
    expect(codesOf(mallory)).toEqual([4400, 4400])
    expect(refused).toMatchObject([{ author: mallory.entrance.identity.standing.key, reason: 'malformed' }])
    expect(bytes()).toEqual(kept)
    ben.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree([ada, ben], 'still honest'))
  })

  it('[F28] an entry over the limit closes the link, and nothing else', async () => {
    const { meeting, ada, ben, mallory, kept, bytes, refused } = await attacked(27, 'editor')
    const to = mallory.links[0]
    if (!to) throw new Error('no link')
    const frame = new Uint8Array(limits.ENTRY_BYTES + 40)
    frame[0] = 9
    to.proven.link.send(frame, 'live')
    await meeting.until(() => to.closed !== null)
    expect(codesOf(mallory)).toEqual([4413, null])
    expect(bytes()).toEqual(kept)
    expect(refused).toEqual([])
    ben.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree([ada, ben], 'still honest'))
  })

  it('[SY6] [F29] ten thousand gaps: nothing waits in Yjs, nobody is blamed, honest work goes on', async () => {
    const { meeting, ada, ben, mallory, kept, bytes, refused } = await attacked(28, 'editor')
    const log = mallory.log('content/main', 1)
    const to = mallory.links[0]
    if (!to) throw new Error('no link')
    mallory.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
    for (let i = 0; i < 10_000; i++) {
      const { entry } = await log.next(typing(log.clientId, 'gap'), meeting.world.clock.nowMs(), {
        seq: 2 + i * 2,
      })
      mallory.send(to, { type: 'entry', entry: entry.bytes })
      if (i % 500 === 499) await meeting.world.clock.runFor(1_000)
    }
    await meeting.world.clock.runFor(10_000)
    expect(bytes()).toEqual(kept)
    expect(refused).toEqual([])
    expect(to.closed).toBeNull()
    for (const { doc } of [ada.doc, ben.doc]) {
      expect([doc.store.pendingStructs, doc.store.pendingDs]).toEqual([null, null])
    }
    const wants = to.received.filter((frame) => frame.type === 'want')
    expect(wants.length).toBeGreaterThan(0)
    expect(wants.length).toBeLessThan(100)
    ben.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree([ada, ben], 'still honest'))
  })

  it('[EN7] [F63] entries of one room offered in another: dropped, nobody blamed', async () => {
    const { meeting, ada, ben, mallory, kept, bytes, refused } = await attacked(29, 'editor')
    const other = await meeting.make('ada')
    const { link } = await other.room.createInvite('https://parley.test/', {
      role: 'editor',
      notAfterMs: 4e12,
    })
    const spy = await meeting.during(HostilePeer.join(meeting.world.platform('spy'), link, SIGNALING))
    await meeting.until(() => spy.links.length === 1 && other.room.state.connection.name === 'connected')
    other.doc.doc.getText('t').insert(0, 'of another room')
    const seen = () => spy.links.flatMap((to) => to.received)
    await meeting.until(() => seen().some((frame) => frame.type === 'entry'))
    const carried = seen().filter((frame) => frame.type === 'author' || frame.type === 'entry')
    expect(carried.map(({ type }) => type).slice(0, 2)).toEqual(['author', 'entry'])
    for (const to of mallory.links) for (const frame of carried) mallory.send(to, frame)
    await meeting.world.clock.runFor(10_000)
    expect(bytes()).toEqual(kept)
    expect(refused).toEqual([])
    expect(codesOf(mallory)).toEqual([null, null])
    for (const { room } of [ada, ben])
      expect(room.members().map(({ key }) => key)).not.toContain(other.room.self.key)
    ben.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree([ada, ben], 'still honest'))
  })

  it('[F15] grants that do not hold give no link', async () => {
    const meeting = new Meeting({ seed: 30 })
    const ada = await meeting.make('ada')
    const { link } = await ada.room.createInvite('https://parley.test/', { role: 'viewer', notAfterMs: 4e12 })
    const other = await meeting.make('eve')
    const foreign = await other.room.createInvite('https://parley.test/', {
      role: 'viewer',
      notAfterMs: 4e12,
    })
    await expect(meeting.joinBy('ben', raiseRole(link))).rejects.toMatchObject({ kind: 'link-refused' })
    await expect(meeting.joinBy('ben', swapChain(link, foreign.link))).rejects.toMatchObject({
      kind: 'link-damaged',
    })
    await expect(meeting.joinBy('ben', 'https://parley.test/#r=abc')).rejects.toMatchObject({
      kind: 'link-damaged',
    })
    const ended = await ada.room.createInvite('https://parley.test/', { role: 'viewer', notAfterMs: 1 })
    await expect(meeting.joinBy('ben', ended.link)).rejects.toMatchObject({ kind: 'link-expired' })
  })
})

function chainOf(link: string): string {
  return /[#&]g=([^&]+)/.exec(link)?.[1] ?? ''
}

function swapChain(link: string, other: string): string {
  return link.replace(chainOf(link), chainOf(other))
}

function raiseRole(link: string): string {
  const chain = decodeChain(Uint8Array.from(Buffer.from(chainOf(link), 'base64url')))
  const grants = chain.grants.map((grant, i) =>
    i === chain.grants.length - 1 ? { ...grant, role: 'owner' as const } : grant,
  )
  return link.replace(chainOf(link), Buffer.from(encodeChain({ ...chain, grants })).toString('base64url'))
}

/** An update that deletes every struct of `state` and adds nothing. */
function deletionsOf(state: Uint8Array): Uint8Array {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, state)
  const before = Y.encodeStateVector(doc)
  doc.getArray('c').delete(0, doc.getArray('c').length)
  return Y.encodeStateAsUpdate(doc, before)
}
