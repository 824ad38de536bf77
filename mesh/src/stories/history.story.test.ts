import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { Moment } from '../api.ts'
import { restoreContent } from '../document/restore-content.ts'
import { readingOf } from '../document/shared-content.ts'
import { type Guest, Meeting } from './meeting.ts'

const MAIN = 'content/main'

function paragraph(words: string): Y.XmlElement {
  const element = new Y.XmlElement('paragraph')
  const text = new Y.XmlText()
  text.applyDelta([{ insert: words }, { insert: '!', attributes: { bold: {} } }])
  element.insert(0, [text])
  return element
}

const pageOf = ({ doc }: Guest) => doc.doc.getXmlFragment('page')
const readings = (guests: readonly Guest[]) => guests.map((guest) => readingOf(pageOf(guest)))

/** What one press of *Restore* does. */
async function restore(meeting: Meeting, { room, doc }: Guest, moment: Moment): Promise<void> {
  const then = await meeting.during(room.documentAt(MAIN, moment.before))
  restoreContent(doc.doc, then)
  then.destroy()
}

/** Three people; Ada and Ben have written ten paragraphs in turn, ten minutes apart. */
async function written(seed: number): Promise<{ meeting: Meeting; ada: Guest; ben: Guest; eve: Guest }> {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const ben = await meeting.join('ben', ada)
  const eve = await meeting.join('eve', ada)
  await meeting.until(() => ada.room.state.people.length === 3)
  for (let i = 0; i < 10; i++) {
    const writer = i % 2 === 0 ? ada : ben
    pageOf(writer).insert(i, [paragraph(`by ${writer.host} ${i}`)])
    await meeting.until(() => [ada, ben, eve].every((guest) => pageOf(guest).length === i + 1))
    await meeting.world.clock.runFor(10 * 60_000)
  }
  return { meeting, ada, ben, eve }
}

describe('history', () => {
  it('[F36] [HI3] [HI4] an editor deletes everything: one restore, and everywhere it is as before', async () => {
    const { meeting, ada, ben, eve } = await written(201)
    const [before] = readings([ada])
    pageOf(eve).delete(0, 10)
    await meeting.until(() => [ada, ben, eve].every((guest) => pageOf(guest).length === 0))
    const [latest] = await meeting.during(ada.room.moments(MAIN))
    expect(latest).toMatchObject({ name: 'eve', entryCount: 1, insertedCount: 0 })
    expect(latest?.deletedCount).toBeGreaterThan(100)
    await restore(meeting, ada, latest as Moment)
    await meeting.until(() => readings([ada, ben, eve]).every((reading) => reading === before))
    const [restored] = await meeting.during(ben.room.moments(MAIN))
    expect(restored?.name).toBe('ada')
  })

  it('[F36] [HI2] also when the deletion is dated a year back', async () => {
    const { meeting, ada, ben, eve } = await written(202)
    const [before] = readings([ada])
    await meeting.during(eve.room.close())
    const platform = meeting.world.platform('eve')
    const clock = { ...platform.clock, nowMs: () => platform.clock.nowMs() - 365 * 86_400_000 }
    const { reopenRoomOn } = await import('../rooms.ts')
    const options = { signaling: ['ws://signal.test/v1'], profile: { name: 'eve', color: '#336699' } }
    const late = await meeting.during(reopenRoomOn({ ...platform, clock }, ada.room.id, options))
    const handle = late.document(MAIN)
    await meeting.during(handle.whenLoaded)
    handle.doc.getXmlFragment('page').delete(0, 10)
    await meeting.until(() => [ada, ben].every((guest) => pageOf(guest).length === 0))
    expect(ada.room.history({ document: MAIN }).at(-1)?.name).toBe('eve')
    const [latest] = await meeting.during(ada.room.moments(MAIN))
    expect(latest).toMatchObject({ name: 'eve' })
    await restore(meeting, ada, latest as Moment)
    await meeting.until(() => readings([ada, ben]).every((reading) => reading === before))
  })

  it('[HI1] lists what stands, the latest first, page by page', async () => {
    const { meeting, ada, ben } = await written(203)
    const all = ben.room.history({ document: MAIN })
    expect(all.map(({ name }) => name)).toEqual([
      'ben',
      'ada',
      'ben',
      'ada',
      'ben',
      'ada',
      'ben',
      'ada',
      'ben',
      'ada',
    ])
    expect(all.every(({ document, sizeBytes }) => document === MAIN && sizeBytes > 200)).toBe(true)
    const times = all.map(({ timeMs }) => timeMs)
    expect(times).toEqual([...times].sort((a, b) => b - a))
    const first = ben.room.history({ document: MAIN, limit: 4 })
    const before = first.at(-1)
    const second = ben.room.history({ document: MAIN, limit: 40, ...(before ? { before } : {}) })
    expect([...first, ...second]).toEqual(all)
    expect(ada.room.history({ document: MAIN })).toEqual(all)
    expect(ada.room.documents()).toEqual([MAIN, 'invites'])
    expect(() => ada.room.history({ document: 'meta' })).toThrow(
      expect.objectContaining({ kind: 'not-allowed' }),
    )
    await meeting.during(ada.room.revoke(ben.room.self.key))
    expect(ada.room.history({ document: MAIN })).toEqual(all)
  })

  it('[HI3] rebuilds a document at any moment, by time and by heads alike', async () => {
    const { meeting, ada, eve } = await written(204)
    const moments = await meeting.during(ada.room.moments(MAIN))
    expect(moments.map(({ entryCount }) => entryCount)).toEqual(Array(10).fill(1))
    for (const [i, moment] of moments.entries()) {
      const at = [moment.after, moment.toMs, moments[i - 1]?.before ?? moment.after]
      for (const each of at) {
        const then = await meeting.during(eve.room.documentAt(MAIN, each))
        expect(then.getXmlFragment('page').length).toBe(10 - i)
      }
      const earlier = await meeting.during(ada.room.documentAt(MAIN, moment.fromMs - 1))
      expect(earlier.getXmlFragment('page').length).toBe(9 - i)
    }
  })

  it('[HI1] [HI3] what a revocation cut is in no moment, and what builds on it is', async () => {
    const { meeting, ada, ben, eve } = await written(205)
    meeting.world.network.partition([['ada'], ['ben', 'eve']])
    meeting.world.signaling.blockHost('ada')
    pageOf(eve).insert(10, [paragraph('too late')])
    await meeting.until(() => pageOf(ben).length === 11)
    pageOf(ben).insert(11, [paragraph('builds on it')])
    await meeting.world.clock.runFor(10_000)
    await meeting.during(ada.room.revoke(eve.room.self.key))
    meeting.world.network.heal()
    meeting.world.signaling.unblockHost('ada')
    await meeting.until(
      () => [ada, ben].every((guest) => pageOf(guest).toString().includes('builds on it')),
      120_000,
    )
    const moments = await meeting.during(ada.room.moments(MAIN))
    expect(moments.map(({ name }) => name)).not.toContain('eve')
    expect(ada.room.history().some(({ name }) => name === 'eve')).toBe(false)
    const now = await meeting.during(ada.room.documentAt(MAIN, (moments[0] as Moment).after))
    expect(readingOf(now.getXmlFragment('page'))).toBe(readings([ada])[0])
    expect(now.getXmlFragment('page').toString()).not.toContain('too late')
  })
})
