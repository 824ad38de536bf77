/** Places: nobody's devices take all links of a peer, and a room that everybody came to by one invite works. */
import { describe, expect, it } from 'vitest'
import { MAX_LINKS } from '../limits.ts'
import { HostilePeer } from '../testing/hostile-peer.ts'
import { type Guest, Meeting, SIGNALING } from './meeting.ts'

const linkCount = (guest: Guest): number => {
  const { connection } = guest.room.state
  return connection.name === 'connected' ? connection.linkCount : 0
}

describe('places of a peer', () => {
  it('[OV6] twelve devices of one invite leave room for somebody of another', async () => {
    const meeting = new Meeting({ seed: 402 })
    const ada = await meeting.make('ada')
    const options = { role: 'viewer', notAfterMs: 4e12 } as const
    const { link } = await meeting.during(ada.room.createInvite('https://parley.test/', options))
    for (let i = 0; i < MAX_LINKS; i++)
      await meeting.during(HostilePeer.join(meeting.world.platform(`mallory${i}`), link, SIGNALING))
    await meeting.until(() => linkCount(ada) === MAX_LINKS)
    const ben = await meeting.join('ben', ada)
    await meeting.until(() => ben.room.state.people.some(({ name }) => name === 'ada'), 60_000)
    expect(linkCount(ada)).toBe(MAX_LINKS)
    ada.doc.doc.getText('t').insert(0, 'heard')
    await meeting.until(() => meeting.agree([ada, ben], 'heard'))
    // Whoever gave way comes again and again, and is turned away.
    await meeting.world.clock.runFor(120_000)
    expect(ben.room.state.people.map(({ name }) => name)).toContain('ada')
  })

  it('[OV1] [OV6] sixteen people by one invite all hear of everything, and nobody’s link comes and goes', async () => {
    const meeting = new Meeting({ seed: 403 })
    const ada = await meeting.make('ada')
    const options = { role: 'editor', notAfterMs: 4e12 } as const
    const { link } = await meeting.during(ada.room.createInvite('https://parley.test/', options))
    const guests = [ada]
    for (let i = 1; i <= MAX_LINKS; i++) guests.push(await meeting.joinBy(`guest${i}`, link))
    await meeting.until(() => guests.every((guest) => linkCount(guest) === MAX_LINKS), 300_000)
    let closed = 0
    for (const guest of guests)
      guest.room.onEvent((event) => {
        if (event.type === 'link-closed') closed++
      })
    for (let i = 0; i < 3; i++) await meeting.joinBy(`late${i}`, link)
    await meeting.world.clock.runFor(60_000)
    ada.doc.doc.getText('t').insert(0, 'x')
    await meeting.until(() => meeting.agree(guests, 'x'))
    expect(closed).toBe(0)
  })
})
