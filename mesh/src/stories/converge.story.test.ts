import { describe, expect, it } from 'vitest'
import { Meeting } from './meeting.ts'

describe('converge', () => {
  it('two people read each other', async () => {
    const meeting = new Meeting({ seed: 1 })
    const ada = await meeting.make('ada')
    ada.doc.doc.getText('t').insert(0, 'hello')
    const ben = await meeting.join('ben', ada)
    await meeting.until(() => meeting.agree([ada, ben], 'hello'))
    ben.doc.doc.getText('t').insert(5, ' world')
    await meeting.until(() => meeting.agree([ada, ben], 'hello world'))
    await meeting.until(() => ada.room.state.people.length === 2 && ben.room.state.people.length === 2)
    expect(ada.room.state.people.map((person) => person.name)).toEqual(['ada', 'ben'])
    await meeting.until(() => ben.room.state.save.holderCount === 1)
    expect(ben.room.state.save).toEqual({ device: 'saved', holderCount: 1, written: true })
  })
})
