import { describe, expect, it } from 'vitest'
import { Meeting } from './meeting.ts'

describe('crash and restart', () => {
  it('[SV4] [EN5] what was acknowledged is there after a crash, and merges', async () => {
    const meeting = new Meeting({ seed: 11 })
    const ada = await meeting.make('ada')
    const ben = await meeting.join('ben', ada)
    await meeting.until(() => ada.room.state.people.length === 2)
    ada.doc.doc.getText('t').insert(0, 'kept ')
    await meeting.until(() => ada.room.state.save.holderCount === 1 && ada.room.state.save.device === 'saved')
    meeting.world.kill('ada')
    ben.doc.doc.getText('t').insert(5, 'by ben')
    await meeting.world.clock.runFor(30_000)
    const again = await meeting.reopen('ada', ada.room)
    await meeting.during(again.doc.whenLoaded)
    expect(meeting.textOf(again)).toBe('kept ')
    again.doc.doc.getText('t').insert(0, 'again ')
    await meeting.until(() => meeting.agree([again, ben], 'again kept by ben'))
    expect(again.doc.doc.clientID).not.toBe(ada.doc.doc.clientID)
  })

  it('days offline, then a merge', async () => {
    const meeting = new Meeting({ seed: 12 })
    const ada = await meeting.make('ada')
    const ben = await meeting.join('ben', ada)
    await meeting.until(() => ada.room.state.people.length === 2)
    meeting.world.network.partition([['ada'], ['ben']])
    meeting.world.signaling.blockHost('ben')
    for (let i = 0; i < 500; i++) {
      ada.doc.doc.getText('t').insert(0, 'a')
      ben.doc.doc.getText('t').insert(0, 'b')
      if (i % 50 === 0) await meeting.world.clock.runFor(3_600_000)
    }
    expect(meeting.textOf(ada)).toBe('a'.repeat(500))
    meeting.world.network.heal()
    meeting.world.signaling.unblockHost('ben')
    await meeting.until(() => meeting.agree([ada, ben]) && meeting.textOf(ada).length === 1000, 120_000)
  })

  it('two rooms, and one room twice in one process', async () => {
    const meeting = new Meeting({ seed: 13 })
    const ada = await meeting.make('ada')
    const twin = await meeting.reopen('ada', ada.room)
    const other = await meeting.make('ada')
    ada.doc.doc.getText('t').insert(0, 'one')
    other.doc.doc.getText('t').insert(0, 'two')
    await meeting.until(() => meeting.agree([ada, twin], 'one'))
    expect(meeting.textOf(other)).toBe('two')
    expect(ada.room.state.people).toHaveLength(1)
    await meeting.during(twin.room.close())
    ada.doc.doc.getText('t').insert(3, '!')
    expect(meeting.textOf(ada)).toBe('one!')
  })
})
