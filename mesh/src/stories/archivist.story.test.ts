import {
  decodeEntry,
  decodeMetaRecord,
  epochZeroKeyOf,
  formatRoomLink,
  parseRoomLink,
} from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import type { RoomEvent, SyncState } from '../api.ts'
import { EntrySeal } from '../journal/entry-seal.ts'
import { EpochKeys } from '../journal/epoch-keys.ts'
import type { KeptRoom } from '../kept-room-api.ts'
import { FLUSH_MS } from '../limits.ts'
import type { Platform, Signer, StoredKeys } from '../ports.ts'
import { keepRoomOn } from '../rooms.ts'
import { openSealedLink } from '../sealed-link.ts'
import { HostilePeer, typing } from '../testing/hostile-peer.ts'
import { type Guest, Meeting, SIGNALING } from './meeting.ts'

const FAR = { notAfterMs: 4e12 } as const
const BASE = 'https://parley.test/'
const KEEP = { signaling: [SIGNALING] }

async function keepLink(meeting: Meeting, by: Guest): Promise<string> {
  return (await meeting.during(by.room.createInvite(BASE, { role: 'archivist', ...FAR }))).link
}

function keep(meeting: Meeting, host: string, place: string): Promise<KeptRoom> {
  return meeting.during(keepRoomOn(meeting.world.platform(host), place, KEEP))
}

async function roomWithKeeper(seed: number | string) {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const ben = await meeting.join('ben', ada)
  const keeper = await keep(meeting, 'keeper', await keepLink(meeting, ada))
  await meeting.until(() => keeper.stats().linkCount === 2)
  return { meeting, ada, ben, keeper }
}

function watch(guest: Guest): RoomEvent[] {
  const events: RoomEvent[] = []
  guest.room.onEvent((event) => void events.push(event))
  return events
}

const write = (guest: Guest, text: string) => guest.doc.doc.getText('t').insert(0, text)
const isHeld = (guest: Guest) => guest.room.state.save.archivist === 'holds'

/** The same ports with a keyring that tells of each receipt that is signed. */
function countingSignatures(platform: Platform, tell: () => void): Platform {
  const signer = async (stored: StoredKeys): Promise<Signer> => {
    const { publicKey, agreementKey, ...rest } = await platform.keyring.signer(stored)
    const sign = (message: Uint8Array) => {
      if (Buffer.from(message).toString('latin1').startsWith('parley/receipt/v1')) tell()
      return rest.sign(message)
    }
    return { publicKey, agreementKey, sign, agree: rest.agree }
  }
  return { ...platform, keyring: { ...platform.keyring, signer } }
}

async function storedBy(meeting: Meeting, host: string, room: { readonly id: string }) {
  const storage = await meeting.world.storages(host).open(room.id.slice(0, 22))
  const stored = await storage.load()
  await storage.close()
  return stored
}

describe('signed receipts', () => {
  it('[AR3] [AR4] [SV6] tell that an archivist holds the last change, apart from people', async () => {
    const meeting = new Meeting({ seed: 208 })
    const ada = await meeting.make('ada')
    write(ada, 'mine ')
    await meeting.world.clock.runFor(2_000)
    expect(ada.room.state.save).toMatchObject({ archivist: 'none', holderCount: 0 })
    await keep(meeting, 'keeper', await keepLink(meeting, ada))
    await meeting.until(() => isHeld(ada))
    expect(ada.room.state.save).toMatchObject({ device: 'saved', holderCount: 0, written: true })
    expect(ada.room.state.people).toHaveLength(1)
    expect(ada.room.members().map(({ role }) => role)).toEqual(['owner', 'archivist'])
    meeting.world.kill('keeper')
    write(ada, 'more ')
    await meeting.world.clock.runFor(2_000)
    expect(ada.room.state.save.archivist).toBe('behind')
  })

  it('[AR3] are signed once a flush however much is written', async () => {
    const meeting = new Meeting({ seed: 209 })
    const ada = await meeting.make('ada')
    const signed: number[] = []
    const platform = meeting.world.platform('keeper')
    const counted = countingSignatures(platform, () => signed.push(meeting.world.clock.elapsedMs()))
    await meeting.during(keepRoomOn(counted, await keepLink(meeting, ada), KEEP))
    await meeting.until(() => ada.room.state.connection.name === 'connected')
    const fromMs = meeting.world.clock.elapsedMs()
    for (let i = 0; i < 300; i++) {
      write(ada, 'x')
      await meeting.world.clock.runFor(10)
    }
    await meeting.until(() => isHeld(ada))
    const flushes = Math.ceil((meeting.world.clock.elapsedMs() - fromMs) / FLUSH_MS)
    const during = signed.filter((atMs) => atMs >= fromMs)
    expect(during.length).toBeGreaterThan(3)
    expect(during.length).toBeLessThanOrEqual(flushes)
  })

  it('[AR5] [F48] an archivist that was put back is noticed, and gets again what it lost', async () => {
    const { meeting, ada, ben, keeper } = await roomWithKeeper(210)
    write(ada, 'old ')
    await meeting.until(() => isHeld(ada) && isHeld(ben) === false)
    const backup = await storedBy(meeting, 'keeper', keeper)
    write(ada, 'new ')
    await meeting.until(() => isHeld(ada) && meeting.agree([ada, ben], 'new old '))
    const before = keeper.stats()
    await meeting.world.clock.runFor(5_000)
    // He would give back what is missing before she could notice.
    await meeting.during(ben.room.close())
    const events = watch(ada)
    await putBack(meeting, 'keeper', keeper, backup)
    const again = await keep(meeting, 'keeper', keeper.id)
    expect(again.stats().entryCount).toBeLessThan(before.entryCount)
    await meeting.until(() => events.some(({ type }) => type === 'archivist-rolled-back'))
    await meeting.until(() => isHeld(ada))
    expect(again.stats()).toMatchObject({ entryCount: before.entryCount, byteCount: before.byteCount })
    await meeting.world.clock.runFor(30_000)
    expect(events.filter(({ type }) => type === 'archivist-rolled-back')).toHaveLength(1)
  })

  it('[AR5] [F48] is noticed by a device that was itself started anew meanwhile', async () => {
    const { meeting, ada, keeper } = await roomWithKeeper(211)
    const backup = await storedBy(meeting, 'keeper', keeper)
    write(ada, 'new ')
    await meeting.until(() => isHeld(ada))
    await meeting.during(ada.room.close())
    await putBack(meeting, 'keeper', keeper, backup)
    const again = await meeting.reopen('ada', ada.room)
    expect(again.room.state.save.archivist).toBe('holds')
    const events = watch(again)
    await keep(meeting, 'keeper', keeper.id)
    await meeting.until(() => events.some(({ type }) => type === 'archivist-rolled-back'))
    await meeting.until(() => isHeld(again))
  })

  it('[AR5] an archivist that only restarts, or hears of a revocation first, is not suspected', async () => {
    const { meeting, ada, ben, keeper } = await roomWithKeeper(212)
    const events = [watch(ada), watch(ben)]
    write(ada, 'by ada ')
    write(ben, 'by ben ')
    await meeting.until(() => isHeld(ada) && isHeld(ben))
    meeting.world.kill('keeper')
    await meeting.world.clock.runFor(20_000)
    write(ada, 'more ')
    const again = await keep(meeting, 'keeper', keeper.id)
    await meeting.until(() => isHeld(ada) && again.stats().linkCount === 2)
    await meeting.during(ada.room.revoke(ben.room.self.key))
    await meeting.world.clock.runFor(30_000)
    expect(events.flat().filter(({ type }) => type === 'archivist-rolled-back')).toEqual([])
  })
})

/** The storage of a host as it was: what came later is gone, the host itself was stopped. */
async function putBack(
  meeting: Meeting,
  host: string,
  room: { readonly id: string },
  backup: Awaited<ReturnType<typeof storedBy>>,
): Promise<void> {
  meeting.world.kill(host)
  await meeting.world.clock.runFor(20_000)
  const storages = meeting.world.storages(host)
  await storages.remove(room.id.slice(0, 22))
  const storage = await storages.open(room.id.slice(0, 22))
  storage.append(backup.entries)
  for (const [name, value] of backup.records) await storage.put(name, value)
  await storage.flush()
  await storage.close()
}

describe('the archivist of the signaling server', () => {
  async function served(seed: number, answer?: () => Promise<boolean>) {
    const meeting = new Meeting({ seed })
    const platform = meeting.world.platform('keeper')
    const signer = await platform.keyring.signer(await platform.keyring.generate())
    const seen: Uint8Array[] = []
    const rooms: KeptRoom[] = []
    const accept = async (sealed: Uint8Array) => {
      const link = await openSealedLink(platform, signer, sealed)
      if (link) rooms.push(await keepRoomOn(platform, link, KEEP))
      return link !== null
    }
    meeting.world.signaling.archivist = {
      agreementKey: signer.agreementKey,
      keep: (sealed) => {
        seen.push(sealed)
        return answer ? answer() : accept(sealed)
      },
    }
    const ada = await meeting.make('ada')
    await meeting.until(() => ada.room.state.archivistOffered)
    return { meeting, ada, seen, rooms }
  }

  it('[AR6] [AR1] keeps the room when an owner asks, and the server learns nothing of the link', async () => {
    const { meeting, ada, seen, rooms } = await served(220)
    write(ada, 'mine ')
    await meeting.during(Promise.all([ada.room.keepOnServer(BASE), ada.room.keepOnServer(BASE)]))
    await meeting.until(() => isHeld(ada))
    expect(rooms.map(({ id }) => id)).toEqual([ada.room.id])
    expect(seen).toHaveLength(1)
    expect(Buffer.from(seen[0] as Uint8Array).includes('parley.test')).toBe(false)
  })

  it('[AR6] may refuse, be silent, be none, and is asked by owners only', async () => {
    const refusing = await served(221, () => Promise.resolve(false))
    const asked = refusing.meeting.during(refusing.ada.room.keepOnServer(BASE))
    await expect(asked).rejects.toMatchObject({ kind: 'archivist-refused' })
    const ben = await refusing.meeting.join('ben', refusing.ada)
    await expect(ben.room.keepOnServer(BASE)).rejects.toMatchObject({ kind: 'not-allowed' })

    const silent = await served(222, () => new Promise(() => undefined))
    const unanswered = silent.meeting.during(silent.ada.room.keepOnServer(BASE))
    await expect(unanswered).rejects.toMatchObject({ kind: 'archivist-unavailable' })

    const meeting = new Meeting({ seed: 223 })
    const ada = await meeting.make('ada')
    await meeting.until(() => ada.room.state.connection.name === 'alone')
    expect(ada.room.state.archivistOffered).toBe(false)
    await expect(ada.room.keepOnServer(BASE)).rejects.toMatchObject({ kind: 'archivist-unavailable' })
  })

  it('[AR6] [AR8] that comes or goes later is noticed by who is here already', async () => {
    const meeting = new Meeting({ seed: 225 })
    const ada = await meeting.make('ada')
    await meeting.until(() => ada.room.state.connection.name === 'alone')
    const keeper = await meeting.world.platform('keeper').keyring.generate()
    const { agreementKey } = await meeting.world.platform('keeper').keyring.signer(keeper)
    let told = 0
    ada.room.onState(() => told++)
    meeting.world.signaling.setArchivist({ agreementKey, keep: async () => true })
    await meeting.until(() => ada.room.state.archivistOffered && told === 1)
    await meeting.during(ada.room.keepOnServer(BASE))
    meeting.world.signaling.setArchivist(null)
    await meeting.until(() => !ada.room.state.archivistOffered && told >= 2)
  })

  it('[AR6] a connection that is lost before the answer ends the question, and it can be asked again', async () => {
    const { meeting, ada } = await served(224, () => new Promise(() => undefined))
    const asked = ada.room.keepOnServer(BASE)
    asked.catch(() => undefined)
    await meeting.world.clock.runFor(1_000)
    meeting.world.signaling.down()
    await expect(meeting.during(asked, 5_000)).rejects.toMatchObject({ kind: 'archivist-unavailable' })
    expect(ada.room.state.archivistOffered).toBe(false)
  })
})

describe('an archivist', () => {
  it('[AR2] serves a newcomer alone after everybody has left', async () => {
    const { meeting, ada, ben, keeper } = await roomWithKeeper(201)
    const { link } = await ada.room.createInvite(BASE, { role: 'viewer', ...FAR })
    write(ada, 'kept ')
    await meeting.until(() => meeting.agree([ada, ben], 'kept '))
    write(ben, 'well ')
    await meeting.until(() => isHeld(ada) && isHeld(ben))
    await meeting.during(ada.room.close())
    await meeting.during(ben.room.close())
    await meeting.until(() => keeper.stats().linkCount === 0)
    const eve = await meeting.joinBy('eve', link)
    await meeting.until(() => meeting.textOf(eve) === 'well kept ')
    expect(keeper.stats()).toMatchObject({ linkCount: 1 })
    expect(keeper.stats().byteCount).toBeGreaterThan(500)
  })

  it('[SY10] a newcomer is told how far receiving has come, and when it is over', async () => {
    const meeting = new Meeting({ seed: 213, bytesPerSecond: 100_000 })
    const ada = await meeting.make('ada')
    const { link } = await ada.room.createInvite(BASE, { role: 'viewer', ...FAR })
    for (let i = 0; i < 60; i++) {
      write(ada, `${i} `.repeat(4_000))
      await meeting.world.clock.runFor(100)
    }
    await meeting.world.clock.runFor(2_000)
    const eve = await meeting.joinBy('eve', link)
    const told: SyncState[] = []
    eve.room.onState(() => {
      const { sync } = eve.room.state
      if (sync) told.push(sync)
    })
    await meeting.until(() => meeting.agree([ada, eve]), 120_000)
    await meeting.until(() => eve.room.state.sync === null)
    expect(told.length).toBeGreaterThan(3)
    const shares = told.map(
      ({ receivedCount, missingCount }) => receivedCount / (receivedCount + missingCount),
    )
    expect(shares).toEqual([...shares].sort((a, b) => a - b))
    expect(told.at(-1)?.receivedBytes).toBeGreaterThan(500_000)
    expect(ada.room.state.sync).toBeNull()
  })

  it('[AR2] goes on from its storage after a crash, by the id of the room alone', async () => {
    const { meeting, ada, ben, keeper } = await roomWithKeeper(202)
    const { link } = await ada.room.createInvite(BASE, { role: 'editor', ...FAR })
    write(ada, 'kept ')
    await meeting.until(() => isHeld(ada))
    const before = keeper.stats()
    meeting.world.kill('keeper')
    await meeting.world.clock.runFor(20_000)
    await meeting.during(ada.room.close())
    await meeting.during(ben.room.close())
    const again = await keep(meeting, 'keeper', keeper.id)
    expect(again.stats()).toEqual({ ...before, linkCount: 0 })
    const eve = await meeting.joinBy('eve', link)
    await meeting.until(() => meeting.textOf(eve) === 'kept ')
    await expect(keep(meeting, 'elsewhere', keeper.id)).rejects.toMatchObject({ kind: 'room-unknown' })
  })

  it('[AR2] obeys a revocation: who was revoked is not served, what they wrote later not stored', async () => {
    const { meeting, ada, ben, keeper } = await roomWithKeeper(203)
    write(ben, 'before ')
    await meeting.until(() => isHeld(ben) && meeting.textOf(ada) === 'before ')
    await meeting.during(ada.room.revoke(ben.room.self.key))
    await meeting.until(() => keeper.stats().linkCount === 1 && isHeld(ada))
    const { entryCount } = keeper.stats()
    write(ben, 'LATE ')
    await meeting.during(ada.room.close())
    await meeting.world.clock.runFor(30_000)
    expect(keeper.stats()).toMatchObject({ entryCount, linkCount: 0 })
    const again = await meeting.reopen('ben', ben.room)
    await meeting.until(() => again.room.state.connection.name === 'refused')
    expect(keeper.stats()).toMatchObject({ entryCount, linkCount: 0 })
  })

  it('[AR7] [EP3] [F58] keeps what is sealed under a new key, never gets that key, and who comes by an invite alone reads it', async () => {
    const { meeting, ada, ben, keeper } = await roomWithKeeper(204)
    const { link } = await ada.room.createInvite(BASE, { role: 'editor', ...FAR })
    await meeting.during(ada.room.revoke(ben.room.self.key))
    write(ada, 'secret ')
    await meeting.until(() => isHeld(ada))
    const { entries } = await storedBy(meeting, 'keeper', keeper)
    const decoded = entries.map((bytes) => decodeEntry(bytes))
    expect(decoded.some(({ doc, epoch }) => doc.startsWith('content/') && epoch.counter === 1)).toBe(true)
    const wraps = decoded
      .filter(({ doc }) => doc === 'meta')
      .map(({ ciphertext }) => decodeMetaRecord(ciphertext))
      .flatMap((record) => (record.type === 'epoch' ? record.wraps : []))
    const archivists = ada.room.members().filter(({ role }) => role === 'archivist')
    const blind = archivists.flatMap(({ path }) => path.filter((key) => key !== ada.room.self.key))
    expect(archivists).toHaveLength(1)
    expect(wraps.length).toBeGreaterThan(0)
    expect(wraps.filter(({ recipient }) => blind.includes(recipient))).toEqual([])
    await meeting.during(ada.room.close())
    const eve = await meeting.joinBy('eve', link)
    await meeting.until(() => meeting.textOf(eve) === 'secret ')
  })

  it('[AR2] two of them fill each other up', async () => {
    const { meeting, ada, ben, keeper } = await roomWithKeeper(205)
    const link = await keepLink(meeting, ada)
    const { link: invite } = await ada.room.createInvite(BASE, { role: 'viewer', ...FAR })
    write(ada, 'twice ')
    await meeting.until(() => isHeld(ada))
    await meeting.during(ada.room.close())
    await meeting.during(ben.room.close())
    const second = await keep(meeting, 'second', link)
    await meeting.until(() => second.stats().byteCount === keeper.stats().byteCount)
    expect(second.stats().entryCount).toBe(keeper.stats().entryCount)
    await meeting.during(keeper.close())
    const eve = await meeting.joinBy('eve', invite)
    await meeting.until(() => meeting.textOf(eve) === 'twice ')
  })

  it('[AR7] [F47] stores nothing that can be read, and what it writes itself is refused by everybody', async () => {
    const { meeting, ada, ben, keeper } = await roomWithKeeper(206)
    const marker = 'plaintext-marker-7f3a'
    write(ada, marker)
    await meeting.until(() => isHeld(ada) && meeting.agree([ada, ben], marker))
    const { entries, records } = await storedBy(meeting, 'keeper', keeper)
    const disk = Buffer.concat([...entries, Buffer.from(JSON.stringify([...records]))])
    expect(disk.includes(marker)).toBe(false)
    const opened = await sealOf(meeting, ada)
    expect(await openAny(opened, entries)).toContain(marker)

    const parsed = parseRoomLink(await keepLink(meeting, ada))
    const told = parseRoomLink((await ada.room.createInvite(BASE, { role: 'viewer', ...FAR })).link)
    if (!parsed.ok || !told.ok || !('readKey' in told.link)) throw new Error('no links')
    // The worst of them: it was even told the read key.
    const { roomId, chain, inviteSeed } = parsed.link
    const link = formatRoomLink(BASE, { roomId, readKey: told.link.readKey, chain, inviteSeed, via: [] })
    const forger = await meeting.during(HostilePeer.join(meeting.world.platform('forger'), link, SIGNALING))
    await meeting.until(() => forger.links.length === 3)
    // Nor is it a person who holds the change.
    const now = (await storedBy(meeting, 'keeper', keeper)).entries.map((bytes) => decodeEntry(bytes))
    const own = now.filter(({ author }) => author === ada.room.self.key)
    const holders = ada.room.state.save.holderCount
    for (const to of forger.links) {
      for (const { doc, author, session, log } of own) {
        forger.send(to, { type: 'receipt', doc, author, session, log, seq: 9 })
      }
    }
    await meeting.world.clock.runFor(1_000)
    expect(ada.room.state.save.holderCount).toBe(holders)
    const log = forger.log('content/main', 1)
    const { entry } = await log.next(typing(log.clientId, 'FORGED '), meeting.world.clock.nowMs())
    for (const to of forger.links) {
      forger.send(to, { type: 'author', chain: forger.entrance.identity.chain })
      forger.send(to, { type: 'entry', entry: entry.bytes })
    }
    await meeting.until(() => forger.links.every((to) => to.closed?.reason === 'role'))
    await meeting.world.clock.runFor(5_000)
    expect(meeting.agree([ada, ben], marker)).toBe(true)
    const after = (await storedBy(meeting, 'keeper', keeper)).entries.map((bytes) => decodeEntry(bytes))
    expect(after.filter(({ author }) => author === entry.author)).toEqual([])
    expect(after.length).toBeGreaterThan(0)
  })

  it('[LK6] a link for an archivist lets nobody read, and a link for people keeps no room', async () => {
    const { meeting, ada } = await roomWithKeeper(207)
    await expect(meeting.joinBy('eve', await keepLink(meeting, ada))).rejects.toMatchObject({
      kind: 'link-refused',
    })
    const { link } = await ada.room.createInvite(BASE, { role: 'editor', ...FAR })
    await expect(keep(meeting, 'eve', link)).rejects.toMatchObject({ kind: 'link-refused' })
  })
})

/** What a member could open of stored entries: shows that the test looks at the right ones. */
async function sealOf(meeting: Meeting, ada: Guest): Promise<EntrySeal> {
  const { cipher, keyring, random } = meeting.world.platform('reader')
  const told = parseRoomLink((await ada.room.createInvite(BASE, { role: 'viewer', ...FAR })).link)
  if (!told.ok || !('readKey' in told.link)) throw new Error('no link')
  const { roomId, readKey } = told.link
  return new EntrySeal({ roomId, cipher, keyring, random }, new EpochKeys(epochZeroKeyOf(readKey)))
}

async function openAny(seal: EntrySeal, entries: readonly Uint8Array[]): Promise<string> {
  const opened = await Promise.all(entries.map((bytes) => seal.open(decodeEntry(bytes))))
  return Buffer.concat(opened.map((bytes) => bytes ?? new Uint8Array())).toString()
}
