import { CLOSE, compareBytes, encodeMetaRecord, toBase64Url } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import type { RoomEvent } from '../api.ts'
import { recoverRoomOn } from '../rooms.ts'
import { HostilePeer, typing } from '../testing/hostile-peer.ts'
import { type Guest, Meeting, SIGNALING, wrappedFor } from './meeting.ts'

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

/** How `guest` told the end of links to `key`. */
const endsOf = (events: readonly RoomEvent[], key: string) =>
  events.flatMap((event) => (event.type === 'link-closed' && event.key === key ? [CLOSE[event.reason]] : []))

describe('revocation', () => {
  it('[MT1] [MT3] [GR8] [F23] a revoked editor loses the links within a second, what they wrote before stands', async () => {
    const { meeting, ada, ben, cleo, dan } = await four(81)
    ben.doc.doc.getText('t').insert(0, 'by ben ')
    await meeting.until(() => meeting.agree([ada, ben, cleo, dan], 'by ben start '))
    const events = watch(ben)
    const others = [ada, cleo, dan].map(watch)
    const fromMs = meeting.world.clock.elapsedMs()
    await meeting.during(ada.room.revoke(ben.room.self.key))
    await meeting.until(() => [ada, cleo, dan].every(({ room }) => room.state.people.length === 3))
    expect(meeting.world.clock.elapsedMs() - fromMs).toBeLessThan(1_000)
    await meeting.until(() => events.some((event) => event.type === 'revoked'))
    expect(ben.room.state.connection).toEqual({ name: 'refused', reason: 'revoked' })
    for (const seen of others) {
      expect(endsOf(seen, ben.room.self.key)).toEqual([4410])
      expect(seen.filter(({ type }) => type === 'author-refused' || type === 'equivocation')).toEqual([])
    }
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
    const seen = [cleo, again].map(watch)
    await meeting.until(() => meeting.agree([cleo, again], 'secret start '))
    again.doc.doc.getText('t').insert(0, 'dan reads the ')
    await meeting.until(() => meeting.agree([cleo, again], 'dan reads the secret start '))
    const newcomer = await meeting.joinBy('eve', link)
    await meeting.until(() => meeting.agree([cleo, again, newcomer], 'dan reads the secret start '))
    newcomer.doc.doc.getText('t').insert(0, 'eve and ')
    await meeting.until(() => meeting.agree([cleo, again, newcomer], 'eve and dan reads the secret start '))
    expect(seen.flat().filter(({ type }) => type === 'author-refused' || type === 'error')).toEqual([])
  })

  it('[EP1] a later key is wrapped for invites of who has the right to invite, and for nothing else that is listed', async () => {
    const { meeting, ada, ben, cleo } = await four(89)
    const may = { may: 'invite' as const }
    const mallory = await meeting.join('mallory', ada, may)
    const dora = await meeting.join('dora', ada, may)
    const make = (by: Guest) =>
      meeting.during(by.room.createInvite('https://parley.test/', { role: 'editor', ...FAR }))
    const [bad, good] = [(await make(mallory)).key, (await make(dora)).key]
    const foreign = `${'9'.repeat(42)}A`
    const listed = mallory.room.document('invites').doc.getMap('keys')
    await meeting.until(() => listed.has(good))
    listed.set(foreign, { agreement: toBase64Url(new Uint8Array(32).fill(9)), notAfterMs: 4e12 })
    listed.set(`${foreign.slice(0, 41)}8A`, listed.get(good))
    const seen = ada.room.document('invites').doc.getMap('keys')
    await meeting.until(() => seen.size === listed.size && seen.has(bad))
    await meeting.during(ada.room.revoke(mallory.room.self.key))
    await meeting.until(() => mallory.room.state.connection.name === 'refused')
    const recipients = (await wrappedFor(meeting, 'ada', ada.room)).map(({ recipient }) => recipient)
    expect(recipients).toEqual(expect.arrayContaining([ben, cleo, dora].map(({ room }) => room.self.key)))
    expect(recipients).toContain(good)
    expect(recipients).not.toContain(bad)
    expect(recipients.filter((key) => key.startsWith('999'))).toEqual([])
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

  it('[MT2] [GR8] [F60] two owners who revoke each other all the same, past their own client: both stay owners', async () => {
    const { meeting, ada, ben, cleo, dan, guests } = await four(89)
    const { link } = await ada.room.createInvite('https://parley.test/', { role: 'owner', ...FAR })
    const seen = guests.map(watch)
    const owners: HostilePeer[] = []
    for (const host of ['olga', 'oleg'])
      owners.push(await meeting.during(HostilePeer.join(meeting.world.platform(host), link, SIGNALING)))
    await meeting.until(() => owners.every(({ links }) => links.length === 5))
    const keys = owners.map(({ entrance }) => entrance.identity.standing.key)
    // Each record reaches half of the honest first: in another order here than there.
    for (const [i, owner] of owners.entries()) {
      const targets = [keys[1 - i] as (typeof keys)[0], ada.room.self.key]
      const log = owner.log('meta', 1)
      for (const key of targets) {
        const record = encodeMetaRecord({ type: 'revoke', key, keep: [], heads: [] })
        const { entry } = await log.next(record, meeting.world.clock.nowMs())
        const links = i === 0 ? owner.links : owner.links.toReversed()
        for (const to of links) owner.send(to, { type: 'author', chain: owner.entrance.identity.chain })
        for (const to of links) owner.send(to, { type: 'entry', entry: entry.bytes })
      }
    }
    await meeting.until(() => guests.every(({ room }) => keys.every((key) => room.isRevoked(key))))
    await meeting.world.clock.runFor(20_000)
    // What they say is known to all alike, and takes no right: only the root key takes an owner's.
    for (const { room } of guests) {
      const roles = new Map(room.members().map(({ key, role }) => [key, role]))
      for (const key of [...keys, ada.room.self.key]) expect(roles.get(key)).toBe('owner')
    }
    for (const { links } of owners) expect(links.map(({ closed }) => closed)).toEqual(Array(5).fill(null))
    expect(seen.flat().filter(({ type }) => type !== 'joined' && type !== 'left')).toEqual([])
    for (const guest of [ada, ben, cleo, dan]) guest.doc.doc.getText('t').insert(0, 'x')
    await meeting.until(() => meeting.agree(guests, 'xxxxstart '))
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
    const seen = [ada, cleo, dan].map(watch)
    meeting.world.network.heal()
    await meeting.until(() => meeting.agree([ada, cleo, dan], 'start by cleo'), 120_000)
    cleo.doc.doc.getText('t').insert(13, ' goes on')
    await meeting.until(() => meeting.agree([ada, cleo, dan], 'start by cleo goes on'))
    expect(seen.flat().filter(({ type }) => type === 'author-refused' || type === 'error')).toEqual([])
    expect(ada.room.state.people.map((person) => person.name)).toEqual(['ada', 'cleo', 'dan'])
  })

  it('[ST4] [ST6] [F31] two contents under one number: both readers keep the same one, everybody shuts the author out', async () => {
    const { meeting, ada, ben, cleo, dan, guests } = await four(86)
    const { link } = await ada.room.createInvite('https://parley.test/', { role: 'editor', ...FAR })
    const mallory = await meeting.during(HostilePeer.join(meeting.world.platform('mallory'), link, SIGNALING))
    await meeting.until(() => mallory.links.length === 4)
    const events = watch(ada)
    const told = [ben, cleo, dan].map(watch)
    const nowMs = meeting.world.clock.nowMs()
    const [one, other] = [mallory.log('content/main', 1), mallory.log('content/main', 1)]
    const entries = [
      await one.next(typing(one.clientId, 'ONE '), nowMs),
      await other.next(typing(other.clientId, 'OTHER '), nowMs),
    ] as const
    const stands = compareBytes(entries[0].hash, entries[1].hash) < 0 ? 'ONE ' : 'OTHER '
    const contents = entries.map(({ entry }) => entry)
    for (const [i, to] of mallory.links.entries()) {
      mallory.send(to, { type: 'author', chain: mallory.entrance.identity.chain })
      mallory.send(to, { type: 'entry', entry: (contents[i % 2] ?? contents[0])?.bytes as Uint8Array })
    }
    await meeting.until(() => mallory.links.every((to) => to.closed !== null))
    expect(mallory.links.map(({ closed }) => closed?.reason)).toEqual(Array(4).fill('equivocation'))
    await meeting.until(() => meeting.agree(guests) && meeting.textOf(ada).includes(stands), 120_000)
    expect([`start ${stands}`, `${stands}start `]).toContain(meeting.textOf(ada))
    const { key } = mallory.entrance.identity.standing
    for (const seen of [events, ...told])
      expect(seen.filter(({ type }) => type === 'equivocation')).toMatchObject([{ author: key }])
    for (const guest of [ben, cleo, dan]) guest.doc.doc.getText('t').insert(0, 'x')
    await meeting.until(() => meeting.agree(guests) && meeting.textOf(ada).startsWith('xxx'))
    const text = meeting.textOf(ada)
    for (const { room } of guests) await meeting.during(room.close())
    // From what each has stored, with nobody there to ask.
    for (const guest of guests) {
      const again = await meeting.reopen(guest.host, guest.room)
      await meeting.world.clock.runFor(1_000)
      expect(meeting.textOf(again)).toBe(text)
      await meeting.during(again.room.close())
    }
    const all: Guest[] = []
    for (const guest of guests) all.push(await meeting.reopen(guest.host, guest.room))
    all[0]?.doc.doc.getText('t').insert(0, 'again ')
    await meeting.until(() => meeting.agree(all, `again ${text}`))
  })
})
