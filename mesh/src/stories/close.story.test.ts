/** Whose grant has ended: closed by owners, so that nobody dates back; renewed, nothing is lost. */
import { decodeChain, encodeChain, signGrant } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { RoomEvent } from '../api.ts'
import { type HostileLink, HostilePeer, typing } from '../testing/hostile-peer.ts'
import { type Guest, Meeting, SIGNALING } from './meeting.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const FAR = { notAfterMs: 4e12 } as const

/** The grant of `host` again, for the same device, until far away. */
async function renew(meeting: Meeting, by: Guest, guest: Guest): Promise<Guest> {
  const { link } = await meeting.during(
    by.room.createInvite('https://parley.test/', { role: 'editor', ...FAR }),
  )
  return meeting.joinBy(guest.host, link)
}

async function withEnding(seed: number, lastsMs: number) {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const ben = await meeting.join('ben', ada)
  const cleo = await meeting.join('cleo', ada, { notAfterMs: meeting.world.clock.nowMs() + lastsMs })
  await meeting.until(() => [ada, ben, cleo].every((guest) => guest.room.state.people.length === 3))
  cleo.doc.doc.getText('t').insert(0, 'before ')
  await meeting.until(() => meeting.agree([ada, ben, cleo], 'before '))
  return { meeting, ada, ben, cleo }
}

describe('a grant that ends', () => {
  it('[MT8] [MT9] [ST1] is closed by an owner: what is dated back with an accomplice stands nowhere', async () => {
    const meeting = new Meeting({ seed: 501 })
    const ada = await meeting.make('ada')
    const ben = await meeting.join('ben', ada)
    const endMs = meeting.world.clock.nowMs() + HOUR_MS
    const { link } = await meeting.during(
      ada.room.createInvite('https://parley.test/', { role: 'editor', notAfterMs: endMs }),
    )
    const mallory = await meeting.during(HostilePeer.join(meeting.world.platform('mallory'), link, SIGNALING))
    await meeting.until(() => mallory.links.length === 2)
    const honest = mallory.log('content/main', 1)
    const { entry } = await honest.next(typing(honest.clientId, 'honest '), meeting.world.clock.nowMs())
    for (const to of mallory.links) {
      mallory.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
      mallory.send(to, { type: 'entry', entry: entry.bytes })
    }
    await meeting.until(() => meeting.agree([ada, ben], 'honest '))
    // Until it is closed, dating back works: that is what the closing is for.
    const accomplice = await meeting.during(
      ada.room.createInvite('https://parley.test/', { role: 'viewer', ...FAR }),
    )
    await meeting.world.clock.runFor(HOUR_MS + 5_000)
    const eve = await meeting.during(
      HostilePeer.join(meeting.world.platform('eve'), accomplice.link, SIGNALING),
    )
    await meeting.until(() => eve.links.length >= 2)
    const lesser = await viewerGrantBy(eve, mallory)
    const carry = async (session: number, text: string) => {
      const log = mallory.log('content/main', session)
      const dated = await log.next(typing(log.clientId, text), endMs - 1_000)
      for (const to of eve.links) {
        eve.send(to, { type: 'author', chain: lesser })
        eve.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
        eve.send(to as HostileLink, { type: 'entry', entry: dated.entry.bytes })
      }
      await meeting.world.clock.runFor(5_000)
    }
    await carry(2, 'early ')
    expect(meeting.textOf(ben)).toContain('early ')
    await meeting.world.clock.runFor(120_000)
    const kept = meeting.textOf(ben)
    await carry(3, 'EVIL ')
    // The log that was closed goes no further either.
    const more = await honest.next(typingOn(honest.clientId, 'honest ', 'MORE '), endMs - 500)
    for (const to of eve.links) eve.send(to, { type: 'entry', entry: more.entry.bytes })
    await meeting.world.clock.runFor(20_000)
    expect([meeting.textOf(ada), meeting.textOf(ben)]).toEqual([kept, kept])
    expect(kept).toContain('honest ')
  })

  it('[MT8] closing on demand needs an owner, and a grant that has ended', async () => {
    const { meeting, ada, ben, cleo } = await withEnding(502, HOUR_MS)
    const { key } = cleo.room.self
    await expect(meeting.during(ada.room.closeLogs(key))).rejects.toMatchObject({ kind: 'not-allowed' })
    await meeting.world.clock.runFor(HOUR_MS + 1_000)
    await expect(meeting.during(ben.room.closeLogs(key))).rejects.toMatchObject({ kind: 'not-allowed' })
    await meeting.during(ada.room.closeLogs(key))
    await meeting.world.clock.runFor(10_000)
    expect(meeting.agree([ada, ben], 'before ')).toBe(true)
  })

  it('[MT8] [ST5] [F24] three days offline and a renewed grant: all is kept, although it was closed meanwhile', async () => {
    const { meeting, ada, ben, cleo } = await withEnding(503, DAY_MS)
    for (const guest of [ada, ben, cleo]) await meeting.during(guest.room.close())
    for (let day = 1; day <= 3; day++) {
      await aDay(meeting, [cleo], (alone) => append(alone, `day ${day} `))
      await aDay(meeting, [ada, ben], (_ada, other) => append(other as Guest, `b${day} `))
      await meeting.world.clock.runFor(DAY_MS)
    }
    const owner = await meeting.reopen('ada', ada.room)
    const other = await meeting.reopen('ben', ben.room)
    const again = await renew(meeting, owner, cleo)
    const blamed: RoomEvent[] = []
    for (const { room } of [owner, other, again])
      room.onEvent((event) => {
        if (event.type === 'author-refused' || event.type === 'error') blamed.push(event)
      })
    await meeting.until(
      () => meeting.agree([owner, other, again]) && meeting.textOf(owner).includes('b3'),
      120_000,
    )
    const words = meeting
      .textOf(other)
      .trim()
      .split(/ (?=[db])/)
    await meeting.world.clock.runFor(120_000)
    expect(meeting.agree([owner, other, again])).toBe(true)
    expect(blamed).toEqual([])
    expect(words.sort()).toEqual(['b1', 'b2', 'b3', 'before', 'day 1', 'day 2', 'day 3'])
  })

  it('[MT8] what was written before the end and comes after the closing waits for a renewal, and is not lost', async () => {
    const { meeting, ada, ben, cleo } = await withEnding(504, DAY_MS)
    for (const guest of [ada, ben, cleo]) await meeting.during(guest.room.close())
    await aDay(meeting, [cleo], (alone) => append(alone, 'in time '))
    await meeting.world.clock.runFor(2 * DAY_MS)
    await aDay(meeting, [ada, ben], () => undefined)
    const owner = await meeting.reopen('ada', ada.room)
    const other = await meeting.reopen('ben', ben.room)
    await meeting.world.clock.runFor(10_000)
    expect(meeting.agree([owner, other], 'before ')).toBe(true)
    const again = await renew(meeting, owner, cleo)
    await meeting.until(() => meeting.agree([owner, other, again], 'before in time '), 120_000)
    expect(meeting.textOf(other)).toBe('before in time ')
  })
})

/** A grant that outlasts the one that ended: whoever may have devices of their own can sign it, for anybody. */
async function viewerGrantBy(
  { entrance: { identity } }: HostilePeer,
  other: HostilePeer,
): Promise<Uint8Array> {
  const { rootKey, grants } = decodeChain(identity.chain)
  const { publicKey, agreementKey } = other.entrance.identity.signer
  const grant = await signGrant(
    identity.roomId,
    identity.signer.publicKey,
    {
      subject: publicKey,
      agreement: agreementKey,
      role: 'viewer',
      may: 'none',
      notAfterMs: FAR.notAfterMs,
      epoch: 0,
      nonce: new Uint8Array(8),
    },
    (message) => identity.signer.sign(message),
  )
  return encodeChain({ rootKey, grants: [...grants, grant] })
}

/** What a client that has typed `before` sends when it types `text` behind it. */
function typingOn(clientId: number, before: string, text: string): Uint8Array {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, typing(clientId, before))
  const vector = Y.encodeStateVector(doc)
  doc.clientID = clientId
  doc.getText('t').insert(before.length, text)
  return Y.encodeStateAsUpdate(doc, vector)
}

function append(guest: Guest, text: string): void {
  const shared = guest.doc.doc.getText('t')
  shared.insert(shared.length, text)
}

/** Some minutes of a day: these are there, nobody else is. */
async function aDay(
  meeting: Meeting,
  whose: readonly Guest[],
  write: (first: Guest, second: Guest | undefined) => void,
): Promise<void> {
  const there: Guest[] = []
  for (const { host, room } of whose) there.push(await meeting.reopen(host, room))
  for (const { doc } of there) await meeting.during(doc.whenLoaded)
  const [first, second] = there
  if (first) write(first, second)
  await meeting.world.clock.runFor(180_000)
  for (const { room } of there) await meeting.during(room.close())
}
