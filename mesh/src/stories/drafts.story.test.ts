import { CLOSE, logKeyOf, parseDocName } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { RoomEvent } from '../api.ts'
import { DRAFT_KEPT_MS, DRAFT_LEAD_MS, REFUSED_KEY_MS } from '../limits.ts'
import { HostilePeer, typing } from '../testing/hostile-peer.ts'
import { type Guest, Meeting, SIGNALING } from './meeting.ts'

const PAGE = 'content/main'

function watch(guest: Guest): RoomEvent[] {
  const events: RoomEvent[] = []
  guest.room.onEvent((event) => void events.push(event))
  return events
}

const entriesOf = (guest: Guest) => guest.room.history({ document: PAGE }).length

/** Ada, ben and a modified client under a grant of `role`. */
async function withMallory(seed: number, role: 'viewer' | 'commenter' | 'editor' | 'archivist') {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const ben = await meeting.join('ben', ada)
  ada.doc.doc.getText('t').insert(0, 'honest')
  await meeting.until(() => meeting.agree([ada, ben], 'honest'))
  const { link } = await ada.room.createInvite('https://parley.test/', {
    role,
    notAfterMs: 4e12,
    ...(role === 'archivist' ? { sighted: true } : {}),
  })
  const mallory = await meeting.during(HostilePeer.join(meeting.world.platform('mallory'), link, SIGNALING))
  await meeting.until(() => mallory.links.length === 2)
  await meeting.world.clock.runFor(1_000)
  const draft = (session: number, text: string) => {
    const log = mallory.log(PAGE, session)
    const frame = {
      type: 'draft' as const,
      doc: log.doc,
      session: log.session,
      update: typing(log.clientId, text),
    }
    for (const to of mallory.links) mallory.send(to, frame)
    return log
  }
  const codes = () => mallory.links.map(({ closed }) => closed && CLOSE[closed.reason as keyof typeof CLOSE])
  const bytes = () => [ada, ben].map((guest) => Y.encodeStateAsUpdate(guest.doc.doc))
  return { meeting, ada, ben, mallory, draft, codes, bytes }
}

describe('drafts', () => {
  it('[DR1] [DR6] what is typed is seen before it is an entry, and one entry says what was typed in a moment', async () => {
    const meeting = new Meeting({ seed: 901 })
    const ada = await meeting.make('ada')
    const ben = await meeting.join('ben', ada)
    const vera = await meeting.join('vera', ada, { role: 'viewer' })
    ada.doc.doc.getText('t').insert(0, 'x')
    await meeting.until(() => meeting.agree([ada, ben, vera], 'x'))
    const before = entriesOf(ada)
    const atFirstSight = new Map<string, number>()
    for (const guest of [ben, vera])
      guest.doc.doc.getText('t').observe(() => {
        if (!atFirstSight.has(guest.host)) atFirstSight.set(guest.host, entriesOf(guest))
      })
    for (const letter of 'abc') ada.doc.doc.getText('t').insert(0, letter)
    expect(ada.room.state.save).toMatchObject({ device: 'saving', holderCount: 0 })
    await meeting.until(() => meeting.agree([ada, ben, vera], 'cbax'))
    expect([...atFirstSight.values()]).toEqual([before, before])
    expect(entriesOf(vera)).toBe(before + 1)
    await meeting.until(() => ada.room.state.save.holderCount === 2)
  })

  it('[DR6] nothing waits where somebody was not shown it, or nobody is there', async () => {
    const meeting = new Meeting({ seed: 902 })
    const ada = await meeting.make('ada')
    const { clock } = meeting.world
    const fromMs = clock.nowMs()
    ada.doc.doc.getText('t').insert(0, 'alone')
    await meeting.until(() => entriesOf(ada) === 1)
    expect(clock.nowMs() - fromMs).toBeLessThan(DRAFT_LEAD_MS)
    const ben = await meeting.join('ben', ada)
    await meeting.until(() => meeting.agree([ada, ben]))
    ada.doc.doc.getText('t').insert(0, 'x'.repeat(2_000))
    const againMs = clock.nowMs()
    await meeting.until(() => entriesOf(ada) === 2)
    expect(clock.nowMs() - againMs).toBeLessThan(DRAFT_LEAD_MS)
    // A deletion is not drafted, so nobody has it before its entry.
    await meeting.until(() => meeting.agree([ada, ben]))
    ada.doc.doc.getText('t').delete(0, 3)
    const deletedMs = clock.nowMs()
    await meeting.until(() => entriesOf(ada) === 3)
    expect(clock.nowMs() - deletedMs).toBeLessThan(DRAFT_LEAD_MS)
  })

  it('[DR1] archivists are shown none', async () => {
    const { meeting, ada, ben, mallory } = await withMallory(903, 'archivist')
    ada.doc.doc.getText('t').insert(0, 'seen ')
    await meeting.until(() => meeting.agree([ada, ben], 'seen honest'))
    const types = mallory.links.flatMap(({ received }) => received.map(({ type }) => type))
    expect(types).toContain('entry')
    expect(types).not.toContain('draft')
  })

  it('[DR2] [F18] a viewer’s is shown to nobody and closes the link', async () => {
    const { meeting, ada, ben, mallory, draft, codes, bytes } = await withMallory(904, 'viewer')
    const [kept, events] = [bytes(), watch(ada)]
    draft(1, 'EVIL ')
    await meeting.until(() => mallory.links.every(({ closed }) => closed !== null))
    expect([codes(), bytes()]).toEqual([[4403, 4403], kept])
    const author = mallory.entrance.identity.standing.key
    expect(events).toContainEqual(expect.objectContaining({ type: 'author-refused', author, reason: 'role' }))
    ben.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree([ada, ben], 'still honest'))
  })

  it('[DR2] a commenter’s is left out, and nobody is blamed for it', async () => {
    const { meeting, draft, codes, bytes, mallory, ada } = await withMallory(905, 'commenter')
    const kept = bytes()
    const chat = ada.room.document('chat')
    const log = mallory.log('chat', 1)
    const update = typing(log.clientId, 'hi')
    for (const to of mallory.links)
      mallory.send(to, { type: 'draft', doc: log.doc, session: log.session, update })
    await meeting.world.clock.runFor(100)
    expect([codes(), bytes(), chat.doc.getText('t').toString()]).toEqual([[null, null], kept, ''])
    draft(2, 'EVIL ')
    await meeting.until(() => mallory.links.every(({ closed }) => closed !== null))
    expect([codes(), bytes()]).toEqual([[4403, 4403], kept])
  })

  it('[DR4] who signs something else than was shown is refused, and everybody reads what was signed', async () => {
    const { meeting, ada, ben, mallory, draft, codes } = await withMallory(906, 'editor')
    const log = draft(1, 'shown ')
    await meeting.until(() => [ada, ben].every((guest) => meeting.textOf(guest).includes('shown')))
    const { entry } = await log.next(typing(log.clientId, 'signed'), meeting.world.clock.nowMs())
    for (const to of mallory.links)
      mallory.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
    for (const to of mallory.links) mallory.send(to, { type: 'entry', entry: entry.bytes })
    await meeting.until(() => mallory.links.every(({ closed }) => closed !== null))
    expect(codes()).toEqual([4400, 4400])
    await meeting.until(() => meeting.agree([ada, ben]))
    expect(meeting.textOf(ada)).toContain('signed')
    expect(meeting.textOf(ada)).not.toContain('shown')
  })

  it('[DR5] what is never signed goes again, what was written on it is handed back, and it works once in ten minutes', async () => {
    const { meeting, ada, ben, draft, codes, bytes } = await withMallory(907, 'editor')
    const [kept, events] = [bytes(), watch(ada)]
    let replaced = 0
    ada.doc.onReplaced(() => replaced++)
    draft(1, 'never ')
    await meeting.until(() => meeting.textOf(ada).includes('never'))
    ada.doc.doc.getText('t').insert(meeting.textOf(ada).indexOf('never') + 2, 'mine ')
    await meeting.world.clock.runFor(DRAFT_KEPT_MS + 1_000)
    expect([meeting.textOf(ada), meeting.textOf(ben)]).toEqual(['honest', 'honest'])
    expect([bytes(), codes(), replaced]).toEqual([kept, [null, null], 1])
    const errors = events.filter((event) => event.type === 'error')
    expect(errors.map(({ error }) => error.kind)).toContain('not-allowed')
    draft(2, 'again ')
    await meeting.world.clock.runFor(DRAFT_KEPT_MS + 1_000)
    expect([meeting.textOf(ada), replaced]).toEqual(['honest', 1])
    await meeting.world.clock.runFor(REFUSED_KEY_MS)
    draft(3, 'later ')
    await meeting.until(() => meeting.textOf(ada).includes('later'))
    ada.doc.doc.getText('t').insert(0, 'on with it ')
    await meeting.until(() => meeting.agree([ada, ben]))
  })

  it('[DR3] are told to nobody: heads, receipts and readings know nothing of them', async () => {
    const { meeting, ada, ben, mallory, draft } = await withMallory(908, 'editor')
    const log = draft(1, 'shown ')
    await meeting.until(() => [ada, ben].every((guest) => meeting.textOf(guest).includes('shown')))
    const before = mallory.links.map(({ received }) => received.length)
    await meeting.world.clock.runFor(DRAFT_KEPT_MS - 1_000)
    const frames = mallory.links.flatMap(({ received }, i) => received.slice(before[i]))
    const key = logKeyOf(parseDocName(PAGE) ?? log.doc, mallory.entrance.identity.standing.key, log.session)
    for (const frame of frames) {
      if (frame.type === 'heads' || frame.type === 'ihave')
        expect(frame.heads.map((head) => head.log)).not.toContain(key)
      expect(frame.type === 'receipt' && frame.log === key).toBe(false)
      expect(frame.type === 'reading' && frame.doc === PAGE).toBe(false)
    }
  })
})
