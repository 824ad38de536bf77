import { describe, expect, it } from 'vitest'
import { Meeting } from './meeting.ts'

describe('converge', () => {
  it('[SV2] [PR2] two people read each other, see each other and know who holds their last change', async () => {
    const meeting = new Meeting({ seed: 1 })
    const ada = await meeting.make('ada')
    ada.doc.doc.getText('t').insert(0, 'hello')
    const ben = await meeting.join('ben', ada)
    await meeting.until(() => meeting.agree([ada, ben], 'hello'))
    ben.doc.doc.getText('t').insert(5, ' world')
    await meeting.until(() => meeting.agree([ada, ben], 'hello world'))
    await meeting.until(() => ada.room.state.people.length === 2 && ben.room.state.people.length === 2)
    expect(ada.room.state.people.map((person) => `${person.name} ${person.role}`)).toEqual([
      'ada owner',
      'ben editor',
    ])
    await meeting.until(() => ben.room.state.save.holderCount === 1)
    expect(ben.room.state.save).toMatchObject({
      device: 'saved',
      holderCount: 1,
      archivist: 'none',
      written: true,
    })
  })

  it('a late joiner gets a document of several megabytes', async () => {
    const meeting = new Meeting({ seed: 2 })
    const ada = await meeting.make('ada')
    const rows = ada.doc.doc.getMap('rows')
    for (let block = 0; block < 40; block++) {
      ada.doc.doc.transact(() => {
        for (let i = 0; i < 100; i++) rows.set(`${block}-${i}`, `value ${i} `.repeat(60))
      })
    }
    const ben = await meeting.join('ben', ada)
    await meeting.until(() => ben.doc.doc.getMap('rows').size === 4000)
    expect(ben.doc.doc.getMap('rows').toJSON()).toEqual(rows.toJSON())
  })

  it('[SY9] a partition heals without a reload, in both directions', async () => {
    const meeting = new Meeting({ seed: 3 })
    const ada = await meeting.make('ada')
    const ben = await meeting.join('ben', ada)
    const cleo = await meeting.join('cleo', ada)
    await meeting.until(() => [ada, ben, cleo].every((guest) => guest.room.state.people.length === 3))
    meeting.world.network.partition([['ada'], ['ben', 'cleo']])
    meeting.world.signaling.down()
    ada.doc.doc.getText('t').insert(0, 'from ada ')
    ben.doc.doc.getText('t').insert(0, 'from ben ')
    await meeting.world.clock.runFor(60_000)
    expect(ada.room.state.connection.name).toBe('offline')
    expect(cleo.room.state.connection).toEqual({
      name: 'connected',
      linkCount: 1,
      relayedCount: 0,
      signaling: 'down',
    })
    expect(meeting.textOf(ada)).toBe('from ada ')
    meeting.world.network.heal()
    meeting.world.signaling.up()
    await meeting.until(() => meeting.agree([ada, ben, cleo]) && meeting.textOf(cleo).length === 18)
  })

  it('[OV4] [F11] signaling away for ten minutes: editing goes on, all rejoin, nobody links twice', async () => {
    const meeting = new Meeting({ seed: 4 })
    const ada = await meeting.make('ada')
    const guests = [ada, await meeting.join('ben', ada), await meeting.join('cleo', ada)]
    const full = () => guests.every((guest) => linkCount(guest.room.state.connection) === 2)
    await meeting.until(full)
    meeting.world.signaling.down()
    for (const [i, guest] of guests.entries()) {
      guest.doc.doc.getText('t').insert(0, `${i}`)
      await meeting.world.clock.runFor(200_000)
    }
    expect(meeting.agree(guests)).toBe(true)
    meeting.world.signaling.up()
    await meeting.until(() =>
      guests.every(
        ({ room }) => room.state.connection.name === 'connected' && room.state.connection.signaling === 'up',
      ),
    )
    await meeting.world.clock.runFor(30_000)
    expect(full()).toBe(true)
    const dan = await meeting.join('dan', ada)
    await meeting.until(() => meeting.agree([...guests, dan]))
  })

  it('[OV1] [SS3] a fourteenth copy is told that the room is full', async () => {
    const meeting = new Meeting({ seed: 5 })
    const ada = await meeting.make('ada')
    const guests = [ada]
    for (let i = 1; i <= 12; i++) guests.push(await meeting.join(`guest${i}`, ada))
    await meeting.until(() => guests.every((guest) => linkCount(guest.room.state.connection) === 12), 300_000)
    const late = await meeting.join('late', ada)
    await meeting.until(() => late.room.state.connection.name === 'full')
    ada.doc.doc.getText('t').insert(0, 'x')
    await meeting.until(() => meeting.agree(guests, 'x'))
  })
})

function linkCount(connection: { readonly name: string; readonly linkCount?: number }): number {
  return connection.linkCount ?? 0
}
