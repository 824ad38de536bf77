import { describe, expect, it } from 'vitest'
import type { RoomEvent } from '../api.ts'
import { recoverRoomOn } from '../rooms.ts'
import { HostilePeer, typing } from '../testing/hostile-peer.ts'
import { type Guest, Meeting, SIGNALING } from './meeting.ts'

const FAR = { notAfterMs: 4e12 } as const

async function four(seed: number) {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const ben = await meeting.join('ben', ada)
  const cleo = await meeting.join('cleo', ada)
  const dan = await meeting.join('dan', ada)
  const guests = [ada, ben, cleo, dan]
  await meeting.until(() => guests.every((guest) => guest.room.state.people.length === 4))
  ada.doc.doc.getText('t').insert(0, 'start ')
  await meeting.until(() => meeting.agree(guests, 'start '))
  return { meeting, ada, ben, cleo, dan, guests }
}

function watch(guest: Guest): RoomEvent[] {
  const events: RoomEvent[] = []
  guest.room.onEvent((event) => void events.push(event))
  return events
}

describe('revocation', () => {
  it('[MT1] [MT3] [GR8] [F23] a revoked editor loses the links within a second, what they wrote before stands', async () => {
    const { meeting, ada, ben, cleo, dan } = await four(81)
    ben.doc.doc.getText('t').insert(0, 'by ben ')
    await meeting.until(() => meeting.agree([ada, ben, cleo, dan], 'by ben start '))
    const events = watch(ben)
    const fromMs = meeting.world.clock.elapsedMs()
    await meeting.during(ada.room.revoke(ben.room.self.key))
    await meeting.until(() => [ada, cleo, dan].every(({ room }) => room.state.people.length === 3))
    expect(meeting.world.clock.elapsedMs() - fromMs).toBeLessThan(1_000)
    await meeting.until(() => events.some((event) => event.type === 'revoked'))
    expect(ben.room.state.connection).toEqual({ name: 'refused', reason: 'revoked' })
    ben.doc.doc.getText('t').insert(0, 'LATE ')
    ada.doc.doc.getText('t').insert(0, 'on ')
    await meeting.until(() => meeting.agree([ada, cleo, dan], 'on by ben start '))
    await meeting.world.clock.runFor(30_000)
    expect(meeting.agree([ada, cleo, dan], 'on by ben start ')).toBe(true)
    expect(meeting.textOf(ben)).not.toContain('on ')
    expect(
      ada.room
        .members()
        .map((member) => member.name)
        .sort(),
    ).toEqual(['ada', 'cleo', 'dan'])
  })

  it('[HS6] [MT4] [EP1] [EP2] [EP3] [EP4] [EN10] [F58] who was away during the change of key comes back in, with the invite link alone too', async () => {
    const { meeting, ada, ben, cleo, dan } = await four(82)
    const { link } = await ada.room.createInvite('https://parley.test/', { role: 'editor', ...FAR })
    await meeting.world.clock.runFor(1_000)
    meeting.world.kill('dan')
    await meeting.world.clock.runFor(20_000)
    await meeting.during(ada.room.revoke(ben.room.self.key))
    ada.doc.doc.getText('t').insert(0, 'secret ')
    await meeting.until(() => meeting.agree([ada, cleo], 'secret start '))
    await meeting.during(ada.room.close())
    const again = await meeting.reopen('dan', dan.room)
    await meeting.until(() => meeting.agree([cleo, again], 'secret start '))
    again.doc.doc.getText('t').insert(0, 'dan reads the ')
    await meeting.until(() => meeting.agree([cleo, again], 'dan reads the secret start '))
    const newcomer = await meeting.joinBy('eve', link)
    await meeting.until(() => meeting.agree([cleo, again, newcomer], 'dan reads the secret start '))
  })

  it('[MT3] who was revoked while away is told so, and writes nothing more', async () => {
    const { meeting, ada, ben, cleo, dan } = await four(88)
    meeting.world.kill('dan')
    await meeting.world.clock.runFor(20_000)
    await meeting.during(ada.room.revoke(dan.room.self.key))
    const again = await meeting.reopen('dan', dan.room)
    await meeting.until(() => again.room.state.connection.name === 'refused')
    expect(again.room.state.connection).toEqual({ name: 'refused', reason: 'revoked' })
    again.doc.doc.getText('t').insert(0, 'LATE ')
    ada.doc.doc.getText('t').insert(0, 'on ')
    await meeting.until(() => meeting.agree([ada, ben, cleo], 'on start '))
    await meeting.world.clock.runFor(20_000)
    expect(meeting.textOf(again)).not.toContain('on ')
  })

  it('[MT2] [MT5] [GR8] revoking an invite shuts out who came by it, except those kept', async () => {
    const meeting = new Meeting({ seed: 83 })
    const ada = await meeting.make('ada')
    const invite = await ada.room.createInvite('https://parley.test/', { role: 'editor', ...FAR })
    const ben = await meeting.joinBy('ben', invite.link)
    const cleo = await meeting.joinBy('cleo', invite.link)
    await meeting.until(() => [ada, ben, cleo].every(({ room }) => room.state.people.length === 3))
    await meeting.during(ada.room.revoke(invite.key, [cleo.room.self.key]))
    await meeting.until(() => ada.room.state.people.length === 2 && cleo.room.state.people.length === 2)
    expect(ada.room.state.people.map((person) => person.name)).toEqual(['ada', 'cleo'])
    expect(ada.room.isRevoked(invite.key)).toBe(true)
    const late = await meeting.joinBy('late', invite.link)
    await meeting.world.clock.runFor(10_000)
    expect(late.room.state.people).toHaveLength(1)
    cleo.doc.doc.getText('t').insert(0, 'kept')
    await meeting.until(() => meeting.agree([ada, cleo], 'kept'))
    expect(meeting.textOf(late)).toBe('')
  })

  it('[GR8] [GR9] [F60] owners cannot revoke each other, the root key can; an editor revokes nobody', async () => {
    const { ada, ben, meeting } = await four(84)
    await expect(ben.room.revoke(ada.room.self.key)).rejects.toMatchObject({ kind: 'not-allowed' })
    const second = await meeting.join('second', ada, { role: 'owner' })
    await meeting.until(() => ada.room.members().some((member) => member.name === 'second'))
    await meeting.until(() => second.room.members().some((member) => member.name === 'ada'))
    await expect(second.room.revoke(ada.room.self.key)).rejects.toMatchObject({ kind: 'not-allowed' })
    await meeting.during(second.room.revoke(ben.room.self.key))
    await meeting.until(() => ada.room.members().every((member) => member.name !== 'ben'))
    await meeting.during(ada.room.revoke(second.room.self.key))
    await meeting.until(() => second.room.state.connection.name === 'refused')
    ada.doc.doc.getText('t').insert(0, 'ada ')
    await meeting.world.clock.runFor(5_000)
    expect(meeting.textOf(second)).not.toContain('ada')
  })

  it('[MT6] a recovery file makes another device an owner, with the content of the room', async () => {
    const { ada, ben, meeting } = await four(87)
    const file = await meeting.during(
      (ada.room.recoveryFile as NonNullable<typeof ada.room.recoveryFile>)('pass phrase'),
    )
    const options = { signaling: [SIGNALING], profile: { name: 'phone', color: '#336699' } }
    const phone = meeting.world.platform('phone')
    await expect(recoverRoomOn(phone, file, 'wrong', options)).rejects.toMatchObject({
      kind: 'recovery-refused',
    })
    await meeting.during(ada.room.close())
    const room = await meeting.during(recoverRoomOn(phone, file, 'pass phrase', options))
    const doc = room.document('content/main')
    await meeting.until(() => doc.doc.getText('t').toString() === 'start ')
    expect(room.self.role).toBe('owner')
    doc.doc.getText('t').insert(0, 'recovered ')
    await meeting.until(() => meeting.textOf(ben) === 'recovered start ')
  })

  it('[MT7] [ST7] [F57] work that others built on what a revocation cuts stays', async () => {
    const { meeting, ada, ben, cleo, dan } = await four(85)
    meeting.world.network.partition([
      ['ada', 'dan'],
      ['ben', 'cleo'],
    ])
    ben.doc.doc.getText('t').insert(6, 'by ben, ')
    await meeting.until(() => meeting.agree([ben, cleo], 'start by ben, '))
    cleo.doc.doc.getText('t').insert(14, 'by cleo')
    await meeting.world.clock.runFor(2_000)
    await meeting.during(ada.room.revoke(ben.room.self.key))
    await meeting.world.clock.runFor(20_000)
    meeting.world.network.heal()
    await meeting.until(() => meeting.agree([ada, cleo, dan], 'start by cleo'), 120_000)
    expect(ada.room.state.people.map((person) => person.name)).toEqual(['ada', 'cleo', 'dan'])
  })

  it('[ST4] [ST6] [F31] two contents under one number: both readers keep the same one, everybody shuts the author out', async () => {
    const { meeting, ada, ben, cleo, dan, guests } = await four(86)
    const { link } = await ada.room.createInvite('https://parley.test/', { role: 'editor', ...FAR })
    const mallory = await meeting.during(HostilePeer.join(meeting.world.platform('mallory'), link, SIGNALING))
    await meeting.until(() => mallory.links.length === 4)
    const events = watch(ada)
    const nowMs = meeting.world.clock.nowMs()
    const [one, other] = [mallory.log('content/main', 1), mallory.log('content/main', 1)]
    const contents = [
      (await one.next(typing(one.clientId, 'ONE '), nowMs)).entry,
      (await other.next(typing(other.clientId, 'OTHER '), nowMs)).entry,
    ]
    for (const [i, to] of mallory.links.entries()) {
      mallory.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
      mallory.send(to, { type: 'entry', entry: (contents[i % 2] ?? contents[0])?.bytes as Uint8Array })
    }
    await meeting.until(() => mallory.links.every((to) => to.closed?.reason === 'equivocation'))
    await meeting.until(
      () => meeting.agree(guests) && /^(ONE|OTHER) |start (ONE|OTHER) /.test(meeting.textOf(ada)),
      120_000,
    )
    expect(events.some((event) => event.type === 'equivocation')).toBe(true)
    for (const guest of [ben, cleo, dan]) guest.doc.doc.getText('t').insert(0, 'x')
    await meeting.until(() => meeting.agree(guests) && meeting.textOf(ada).startsWith('xxx'))
  })
})
