/** Archivists that an owner lets read, and those that would like to. */
import {
  type DocName,
  encodeChain,
  formatRoomLink,
  type KeyId,
  parseRoomLink,
  toBase64Url,
} from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import type { KeptRoom } from '../kept-room-api.ts'
import { keepRoomOn } from '../rooms.ts'
import { openSealedLink } from '../sealed-link.ts'
import { HostilePeer, typing } from '../testing/hostile-peer.ts'
import { type Guest, Meeting, SIGNALING, wrappedFor } from './meeting.ts'

const FAR = { notAfterMs: 4e12 } as const
const BASE = 'https://parley.test/'
const PAGE = 'content/main' as DocName

const write = (guest: Guest, text: string) => guest.doc.doc.getText('t').insert(0, text)
const isHeld = (guest: Guest) => guest.room.state.save.archivist === 'holds'

async function linkFor(meeting: Meeting, by: Guest, sighted: boolean): Promise<string> {
  const made = by.room.createInvite(BASE, { role: 'archivist', sighted, ...FAR })
  return (await meeting.during(made)).link
}

function keep(meeting: Meeting, host: string, place: string, blind = false): Promise<KeptRoom> {
  return meeting.during(keepRoomOn(meeting.world.platform(host), place, { signaling: [SIGNALING], blind }))
}

async function textIn(
  meeting: Meeting,
  { sight }: KeptRoom,
): Promise<{ text: string; missingCount: number }> {
  if (!sight) throw new Error('blind')
  const { doc, missingCount } = await meeting.during(sight.read(PAGE))
  return { text: doc.getText('t').toString(), missingCount }
}

const archivistsOf = (guest: Guest) => guest.room.members().filter(({ role }) => role === 'archivist')

async function roomWithSighted(seed: number | string) {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const ben = await meeting.join('ben', ada)
  const link = await linkFor(meeting, ada, true)
  const keeper = await keep(meeting, 'keeper', link)
  await meeting.until(() => keeper.stats().linkCount === 2)
  return { meeting, ada, ben, keeper, link }
}

describe('an archivist that an owner lets read', () => {
  it('[AR10] reads what stands, now and under later keys, while a blind one gets no key', async () => {
    const { meeting, ada, ben, keeper } = await roomWithSighted(301)
    const blind = await keep(meeting, 'blind', await linkFor(meeting, ada, false))
    write(ada, 'first ')
    await meeting.until(() => isHeld(ada) && [ada, ben].every((guest) => archivistsOf(guest).length === 2))
    expect(await textIn(meeting, keeper)).toEqual({ text: 'first ', missingCount: 0 })
    expect(blind.sight).toBeNull()
    expect(
      archivistsOf(ben)
        .map(({ sighted }) => sighted)
        .sort(),
    ).toEqual([false, true])
    const before = keeper.sight?.revisionOf(PAGE)
    await meeting.during(ada.room.revoke(ben.room.self.key))
    write(ada, 'later ')
    await meeting.until(() => isHeld(ada))
    await meeting.world.clock.runFor(2_000)
    expect(keeper.sight?.revisionOf(PAGE)).not.toBe(before)
    expect(await textIn(meeting, keeper)).toEqual({ text: 'later first ', missingCount: 0 })
    expect(keeper.sight?.documents()).toContain(PAGE)
    const [author] = (await keeper.sight?.authorsOf(PAGE)) ?? []
    expect(author).toMatchObject({ key: ada.room.self.key, name: 'ada', role: 'owner' })
    const wrapped = await wrappedFor(meeting, 'blind', blind)
    const [sighted, other] = [true, false].map((one) => {
      const member = archivistsOf(ada).find(({ sighted: reads }) => reads === one)
      return wrapped.filter(({ recipient }) => member?.path.slice(1).includes(recipient))
    })
    expect(new Set(sighted?.map(({ epoch }) => epoch))).toEqual(new Set([0, 1]))
    expect(other).toEqual([])
  })

  it('[AR10] reads again after a restart, by the id of the room alone', async () => {
    const { meeting, ada, ben, keeper } = await roomWithSighted(302)
    await meeting.during(ada.room.revoke(ben.room.self.key))
    write(ada, 'later ')
    await meeting.until(() => isHeld(ada))
    await meeting.during(keeper.close())
    await meeting.during(ada.room.close())
    const again = await keep(meeting, 'keeper', keeper.id)
    expect(await textIn(meeting, again)).toEqual({ text: 'later ', missingCount: 0 })
  })

  it('[AR10] that is invited late, or comes after the key was changed, reads all of it', async () => {
    const meeting = new Meeting({ seed: 303 })
    const ada = await meeting.make('ada')
    const ben = await meeting.join('ben', ada)
    const cleo = await meeting.join('cleo', ada)
    write(ada, 'zero ')
    await meeting.until(() => meeting.agree([ada, ben, cleo]))
    await meeting.during(ada.room.revoke(ben.room.self.key))
    write(ada, 'one ')
    const link = await linkFor(meeting, ada, true)
    await meeting.during(ada.room.revoke(cleo.room.self.key))
    write(ada, 'two ')
    await meeting.world.clock.runFor(2_000)
    const keeper = await keep(meeting, 'keeper', link)
    await meeting.until(() => isHeld(ada))
    expect(await textIn(meeting, keeper)).toEqual({ text: 'two one zero ', missingCount: 0 })
  })

  it('[AR10] gets no key after it was revoked: by its invite, or alone although it holds the invite', async () => {
    for (const [seed, step] of [
      [304, -2],
      [305, -1],
    ] as const) {
      const { meeting, ada, ben, keeper } = await roomWithSighted(seed)
      write(ada, 'before ')
      await meeting.until(() => isHeld(ada) && meeting.agree([ada, ben]))
      const path = archivistsOf(ada)[0]?.path ?? []
      await meeting.during(ada.room.revoke(path.at(step) as KeyId))
      expect(archivistsOf(ada)).toEqual([])
      write(ada, 'after ')
      await meeting.until(() => meeting.agree([ada, ben], 'after before '))
      await meeting.world.clock.runFor(5_000)
      expect(await textIn(meeting, keeper)).toMatchObject({ text: 'before ' })
      const wrapped = await wrappedFor(meeting, 'ada', keeper)
      const later = wrapped.filter(({ epoch }) => epoch > 0).map(({ recipient }) => recipient)
      expect(later).toContain(ben.room.self.key)
      expect(later.filter((key) => path.slice(1).includes(key))).toEqual([])
      // What it may have of the entries says nothing to it either.
      const storage = await meeting.world.storages('ben').open(keeper.id.slice(0, 22))
      const { entries } = await storage.load()
      const own = await meeting.world.storages('keeper').open(keeper.id.slice(0, 22))
      await meeting.during(keeper.close())
      own.append(entries)
      await own.flush()
      const again = await keep(meeting, 'keeper', keeper.id)
      const read = await textIn(meeting, again)
      expect(read.text).toBe('before ')
      expect(read.missingCount).toBeGreaterThan(0)
    }
  })

  it('[AR10] keeps the room blindly again by another link once its sight was taken back', async () => {
    const { meeting, ada, ben, keeper } = await roomWithSighted(306)
    write(ada, 'before ')
    await meeting.until(() => isHeld(ada))
    await meeting.during(ada.room.revoke(archivistsOf(ada)[0]?.path.at(-2) as KeyId))
    await meeting.during(keeper.close())
    const again = await keep(meeting, 'keeper', await linkFor(meeting, ada, false))
    write(ada, 'after ')
    await meeting.until(() => isHeld(ada))
    expect(again.sight).toBeNull()
    expect(archivistsOf(ada).map(({ sighted }) => sighted)).toEqual([false])
    await meeting.during(ada.room.revoke(ben.room.self.key))
    const wrapped = await wrappedFor(meeting, 'keeper', keeper)
    expect(wrapped.filter(({ epoch }) => epoch > 0).map(({ recipient }) => recipient)).not.toContain(
      archivistsOf(ada)[0]?.key,
    )
    await meeting.during(again.close())
    const closed = await keep(meeting, 'keeper', keeper.id)
    expect(closed.sight).toBeNull()
  })

  it('[AR10] [AR2] takes no read key where it is told to stay blind, and the latest link counts', async () => {
    const { meeting, link, keeper } = await roomWithSighted(307)
    const blind = await keep(meeting, 'other', link, true)
    expect(blind.sight).toBeNull()
    const storage = await meeting.world.storages('other').open(keeper.id.slice(0, 22))
    const disk = JSON.stringify([...(await storage.load()).records], (_, value: unknown) =>
      value instanceof Uint8Array ? toBase64Url(value) : value,
    )
    const { k = '', s = '' } = Object.fromEntries(new URLSearchParams(link.slice(link.indexOf('#') + 1)))
    expect([k.length, s.length]).toEqual([43, 43])
    expect(disk).toContain('signalKey')
    expect([disk.includes(k), disk.includes(s)]).toEqual([false, false])
    await meeting.during(blind.close())
    expect((await keep(meeting, 'other', link)).sight).not.toBeNull()
  })
})

describe('an archivist that was let read and is asked to be blind', () => {
  it('[AR10] is shown as sighted for as long as its first grant was not revoked: keys go on reaching it', async () => {
    const meeting = new Meeting({ seed: 309 })
    const ada = await meeting.make('ada')
    const ben = await meeting.join('ben', ada)
    // The other one lasts longer, and so counts for what it may do.
    const shorter = { role: 'archivist', sighted: true, notAfterMs: FAR.notAfterMs - 1 } as const
    const { link } = await meeting.during(ada.room.createInvite(BASE, shorter))
    const keeper = await keep(meeting, 'keeper', link)
    await meeting.until(() => keeper.stats().linkCount === 2)
    await meeting.during(keeper.close())
    const again = await keep(meeting, 'keeper', await linkFor(meeting, ada, false))
    await meeting.until(() => again.stats().linkCount === 2)
    expect(again.sight).toBeNull()
    for (const guest of [ada, ben]) expect(archivistsOf(guest).map(({ sighted }) => sighted)).toEqual([true])
  })
})

describe('an archivist that was not let read', () => {
  it('[AR7] [EP3] is handed no KEYS, sighted or not: only people are', async () => {
    const { meeting, ada, ben, link } = await roomWithSighted(310)
    const blindLink = await linkFor(meeting, ada, false)
    const { link: viewerLink } = await ada.room.createInvite(BASE, { role: 'viewer', ...FAR })
    await meeting.during(ada.room.revoke(ben.room.self.key))
    const told = parseRoomLink(viewerLink)
    const sealed = parseRoomLink(blindLink)
    if (!told.ok || !sealed.ok || !('readKey' in told.link)) throw new Error('no links')
    const { roomId, chain, inviteSeed } = sealed.link
    const leaked = formatRoomLink(BASE, { roomId, readKey: told.link.readKey, chain, inviteSeed, via: [] })
    const peers: HostilePeer[] = []
    for (const [host, place] of Object.entries({ viewer: viewerLink, sighted: link, blind: leaked })) {
      const peer = await meeting.during(HostilePeer.join(meeting.world.platform(host), place, SIGNALING))
      await meeting.until(() => peer.links.length > peers.length)
      peers.push(peer)
    }
    await meeting.world.clock.runFor(10_000)
    const gotKeys = peers.map(({ links }) =>
      links.some(({ received }) => received.some(({ type }) => type === 'keys')),
    )
    expect(gotKeys).toEqual([true, false, false])
  })

  it('[AR10] does not become sighted by what it knows, nor by an editor who lists its invite', async () => {
    const meeting = new Meeting({ seed: 311 })
    const ada = await meeting.make('ada')
    const ben = await meeting.join('ben', ada)
    const mallory = await meeting.join('mallory', ada)
    const blindLink = await linkFor(meeting, ada, false)
    const blind = await keep(meeting, 'blind', blindLink)
    const sealed = parseRoomLink(blindLink)
    if (!sealed.ok) throw new Error('no link')
    await meeting.until(() => archivistsOf(ada).length === 1)
    const [key, invite] = (archivistsOf(ada)[0]?.path ?? []).slice(-2).reverse() as [KeyId, KeyId]
    const listed = mallory.room.document('invites')
    await meeting.during(listed.whenLoaded)
    for (const name of [key, invite]) listed.doc.getMap('keys').set(name, encodeChain(sealed.link.chain))
    const seen = ada.room.document('invites')
    await meeting.until(() => seen.doc.getMap('keys').has(invite))
    await meeting.during(ada.room.revoke(ben.room.self.key))
    await meeting.until(() => isHeld(ada) || ada.room.state.save.device === 'saved')
    const recipients = (await wrappedFor(meeting, 'ada', blind)).map(({ recipient }) => recipient)
    expect(recipients).toContain(mallory.room.self.key)
    expect(recipients.filter((one) => one === key || one === invite)).toEqual([])
    expect(archivistsOf(mallory).map(({ sighted }) => sighted)).toEqual([false])
  })

  it('[AR10] only an owner lets it read', async () => {
    const { meeting, ben } = await roomWithSighted(312)
    await expect(
      ben.room.createInvite(BASE, { role: 'archivist', sighted: true, ...FAR }),
    ).rejects.toMatchObject({ kind: 'not-allowed' })
    expect(meeting.guests.size).toBe(2)
  })

  it('[AR7] [ST3] writes nothing that stands, sighted as it may be', async () => {
    const { meeting, ada, ben, link } = await roomWithSighted(313)
    write(ada, 'mine ')
    await meeting.until(() => meeting.agree([ada, ben], 'mine '))
    const forger = await meeting.during(HostilePeer.join(meeting.world.platform('forger'), link, SIGNALING))
    await meeting.until(() => forger.links.length === 3)
    const log = forger.log(PAGE, 1)
    const { entry } = await log.next(typing(log.clientId, 'FORGED '), meeting.world.clock.nowMs())
    for (const to of forger.links) {
      forger.send(to, { type: 'author', chain: forger.entrance.identity.chain })
      forger.send(to, { type: 'entry', entry: entry.bytes })
    }
    await meeting.until(() => forger.links.every((to) => to.closed?.reason === 'role'))
    expect(meeting.agree([ada, ben], 'mine ')).toBe(true)
  })

  it('[LK6] its link, with the read key or without, lets no person in', async () => {
    const { meeting, ada, link } = await roomWithSighted(314)
    for (const place of [link, await linkFor(meeting, ada, false)])
      await expect(meeting.joinBy('eve', place)).rejects.toMatchObject({ kind: 'link-refused' })
  })
})

describe('asking the archivist of the server to read', () => {
  async function served(seed: number, accepts: boolean) {
    const meeting = new Meeting({ seed })
    const platform = meeting.world.platform('keeper')
    const signer = await platform.keyring.signer(await platform.keyring.generate())
    const links: string[] = []
    const rooms: KeptRoom[] = []
    meeting.world.signaling.archivist = {
      agreementKey: signer.agreementKey,
      keep: async (sealed) => {
        const link = await openSealedLink(platform, signer, sealed)
        if (link) links.push(link)
        if (link && accepts) rooms.push(await keepRoomOn(platform, link, { signaling: [SIGNALING] }))
        return accepts
      },
    }
    const ada = await meeting.make('ada')
    await meeting.until(() => ada.room.state.archivistOffered)
    return { meeting, ada, links, rooms }
  }

  it('[AR6] [AR10] is blind unless it is asked to be sighted', async () => {
    const blind = await served(320, true)
    await blind.meeting.during(blind.ada.room.keepOnServer(BASE))
    const sighted = await served(321, true)
    write(sighted.ada, 'read me ')
    await sighted.meeting.during(sighted.ada.room.keepOnServer(BASE, { sighted: true }))
    await sighted.meeting.until(() => isHeld(sighted.ada))
    expect(blind.rooms.map(({ sight }) => sight)).toEqual([null])
    const [room] = sighted.rooms
    expect(room && (await textIn(sighted.meeting, room))).toMatchObject({ text: 'read me ' })
  })

  it('[AR10] what was sealed for one that refuses is void: its invite is revoked, the key changed', async () => {
    const { meeting, ada, links } = await served(322, false)
    const asked = meeting.during(ada.room.keepOnServer(BASE, { sighted: true }))
    await expect(asked).rejects.toMatchObject({ kind: 'archivist-refused' })
    const invite = parseRoomLink(links[0] ?? '')
    if (!invite.ok) throw new Error('no link')
    await meeting.world.clock.runFor(1_000)
    const wrapped = await wrappedFor(meeting, 'ada', ada.room)
    expect(wrapped.filter(({ epoch }) => epoch === 0)).toHaveLength(1)
    const later = wrapped.filter(({ epoch }) => epoch === 1).map(({ recipient }) => recipient)
    expect(later).toEqual([ada.room.self.key])
  })
})
