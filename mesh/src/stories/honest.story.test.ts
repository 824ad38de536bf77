import { limits, toBase64Url } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { RoomEvent } from '../api.ts'
import { readingDigest } from '../document/reading-digest.ts'
import { holdsBack } from '../document/yjs-internals.ts'
import { type Guest, Meeting } from './meeting.ts'

function watch(guest: Guest): RoomEvent[] {
  const events: RoomEvent[] = []
  guest.room.onEvent((event) => {
    if (event.type === 'author-refused' || event.type === 'error' || event.type === 'link-closed')
      events.push(event)
  })
  return events
}

async function three(seed: number) {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const ben = await meeting.join('ben', ada)
  const eve = await meeting.join('eve', ada, { role: 'viewer' })
  const guests = [ada, ben, eve]
  await meeting.until(() => guests.every((guest) => guest.room.state.people.length === 3))
  const same = () => new Set(guests.map((guest) => toBase64Url(readingDigest(guest.doc.doc)))).size === 1
  return { meeting, ada, ben, eve, guests, same, events: guests.map(watch) }
}

describe('honest but awkward', () => {
  it('[F52] a key set twice, insert and delete, format and unformat, create and delete in one transaction', async () => {
    const { meeting, ada, same, ben, guests, events } = await three(61)
    const { doc } = ada.doc
    doc.getText('t').insert(0, 'some text')
    doc.transact(() => {
      doc.getMap('m').set('k', 1)
      doc.getMap('m').set('k', 2)
      doc.getText('t').insert(4, 'temporary')
      doc.getText('t').delete(4, 9)
      doc.getText('t').format(0, 4, { bold: true })
      doc.getText('t').format(0, 4, { bold: null })
      const paragraph = new Y.XmlElement('p')
      doc.getXmlFragment('x').insert(0, [paragraph])
      paragraph.insert(0, [new Y.XmlText('gone')])
      doc.getXmlFragment('x').delete(0, 1)
    })
    await meeting.until(() => ben.doc.doc.getMap('m').get('k') === 2 && same())
    for (const guest of guests) {
      expect(guest.doc.doc.getText('t').toDelta()).toEqual([{ insert: 'some text' }])
      expect(guest.doc.doc.getMap('m').toJSON()).toEqual({ k: 2 })
      expect(guest.doc.doc.getXmlFragment('x').length).toBe(0)
    }
    doc.getText('t').insert(9, ', and on')
    await meeting.until(() => meeting.agree(guests, 'some text, and on'))
    expect(events).toEqual([[], [], []])
  })

  it('[F53] typing into a paragraph, and setting a key of an element, that somebody else deleted', async () => {
    const { meeting, ada, ben, same, guests, events } = await three(62)
    ada.doc.doc.transact(() => {
      const paragraph = new Y.XmlElement('p')
      ada.doc.doc.getXmlFragment('x').insert(0, [paragraph])
      paragraph.insert(0, [new Y.XmlText('paragraph')])
      ada.doc.doc.getMap('m').set('element', new Y.Map([['color', 'red']]))
    })
    await meeting.until(() => same() && ben.doc.doc.getXmlFragment('x').length === 1)
    meeting.world.network.partition([['ada'], ['ben', 'eve']])
    ada.doc.doc.getXmlFragment('x').delete(0, 1)
    ada.doc.doc.getMap('m').delete('element')
    const text = (ben.doc.doc.getXmlFragment('x').get(0) as Y.XmlElement).get(0) as Y.XmlText
    text.insert(3, 'typed')
    ;(ben.doc.doc.getMap('m').get('element') as Y.Map<string>).set('color', 'blue')
    await meeting.world.clock.runFor(5_000)
    meeting.world.network.heal()
    ben.doc.doc.getText('t').insert(0, 'after')
    await meeting.until(() => guests.every((guest) => meeting.textOf(guest) === 'after') && same())
    for (const { doc } of guests.map((guest) => guest.doc)) {
      expect([doc.getXmlFragment('x').length, doc.getMap('m').size]).toEqual([0, 0])
      expect(holdsBack(doc)).toBe(false)
    }
    expect(events).toEqual([[], [], []])
  })

  it('[F54] an insert where 6,000 others came in between', async () => {
    const { meeting, ada, ben, eve, same, guests, events } = await three(63)
    ada.doc.doc.getText('t').insert(0, 'AB')
    await meeting.until(() => meeting.agree(guests, 'AB'))
    meeting.world.network.partition([['ada'], ['ben', 'eve']])
    for (let i = 0; i < 6_000; i++) ada.doc.doc.getText('t').insert(1, 'x')
    ben.doc.doc.getText('t').insert(1, 'between')
    await meeting.world.clock.runFor(5_000)
    meeting.world.network.heal()
    await meeting.until(
      () => meeting.agree(guests) && meeting.textOf(ben).length === 6_009 && same(),
      120_000,
    )
    expect(meeting.textOf(eve).replace('between', '')).toBe(`A${'x'.repeat(6_000)}B`)
    expect(events).toEqual([[], [], []])
  })

  it('[EN9] [F55] a transaction of 300 KB, a paste of 2 MB: cut into entries, all arrive', async () => {
    const { meeting, ada, ben, guests, same, events } = await three(64)
    const paste = 'word 🙂 '.repeat(260_000).slice(0, 2_000_000)
    ada.doc.doc.transact(() => {
      for (let i = 0; i < 3_000; i++) ada.doc.doc.getMap('m').set(`row ${i}`, 'r'.repeat(90))
    })
    ben.doc.doc.getText('t').insert(0, paste)
    await meeting.until(
      () => guests.every((guest) => meeting.textOf(guest).length === 2_000_000) && same(),
      120_000,
    )
    await meeting.until(() => guests.every((guest) => guest.doc.doc.getMap('m').size === 3_000))
    for (const guest of guests) {
      expect(meeting.textOf(guest) === paste, `${guest.host} reads what was pasted`).toBe(true)
      expect([...guest.doc.doc.getMap('m').values()].every((value) => value === 'r'.repeat(90))).toBe(true)
    }
    const cut = ada.room.history({ document: 'content/main', limit: 1_000 })
    expect(cut.length).toBeGreaterThan(2_300_000 / limits.UPDATE_CUT_BYTES)
    for (const { sizeBytes } of cut) expect(sizeBytes).toBeLessThan(limits.ENTRY_BYTES)
    expect(events).toEqual([[], [], []])
  })

  it('[EN9] a single value over the limit: the document is put back, the error carries the value', async () => {
    const { meeting, ada, ben, guests, events } = await three(65)
    ada.doc.doc.getText('t').insert(0, 'before')
    await meeting.until(() => meeting.agree(guests, 'before'))
    let replaced = 0
    ada.doc.onReplaced(() => {
      replaced++
    })
    const value = 'v'.repeat(300_000)
    ada.doc.doc.getMap('m').set('big', { value })
    await meeting.until(() => replaced === 1)
    expect(events[0]).toMatchObject([{ type: 'error', error: { kind: 'value-too-large', kept: { value } } }])
    expect(ada.doc.doc.getMap('m').size).toBe(0)
    ada.doc.doc.getText('t').insert(6, ' and after')
    await meeting.until(() => meeting.agree(guests, 'before and after'))
    expect(ben.doc.doc.getMap('m').size).toBe(0)
  })

  it('[FD5] a viewer may do to its own copy what it likes: nothing of it leaves', async () => {
    const { meeting, ada, ben, eve, guests, events } = await three(66)
    ada.doc.doc.getText('t').insert(0, 'read only')
    await meeting.until(() => meeting.agree(guests, 'read only'))
    eve.doc.doc.getText('t').insert(0, 'MINE ')
    await meeting.world.clock.runFor(20_000)
    expect([meeting.textOf(ada), meeting.textOf(ben)]).toEqual(['read only', 'read only'])
    expect(eve.doc.writable).toBe(false)
    expect(events).toEqual([[], [], []])
  })
})
