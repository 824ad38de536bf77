import {
  concatBytes,
  decodeEntry,
  decodeRoomFile,
  type RoomFileContent,
  roomFileChunks,
} from '@parley/protocol'
import { testRoom } from '@parley/protocol/testing'
import { describe, expect, it } from 'vitest'
import type { Room } from '../api.ts'
import { exportStored } from '../room-export.ts'
import { importStored } from '../room-import.ts'
import { storageName } from '../room-secrets.ts'
import { copyRoomOn, importRoomOn, reopenRoomOn } from '../rooms.ts'
import type { MemoryStorages } from '../testing/memory-storage.ts'
import { type Guest, Meeting, SIGNALING } from './meeting.ts'

const OPTIONS = { signaling: [SIGNALING], profile: { name: 'Zoe', color: '#336699' } }
const PASSPHRASE = 'correct horse staple'

async function textIn(meeting: Meeting, room: Room, name = 'content/main'): Promise<string> {
  const handle = room.document(name)
  await meeting.during(handle.whenLoaded)
  return handle.doc.getText('t').toString()
}

async function fileOf(meeting: Meeting, { room }: Guest, passphrase?: string): Promise<Uint8Array> {
  const pieces = await meeting.during(room.exportFile(passphrase === undefined ? {} : { passphrase }))
  return concatBytes(...pieces)
}

/** The same file with something else in it, its checks made anew. */
function changed(
  file: Uint8Array,
  change: (content: RoomFileContent) => Partial<RoomFileContent>,
): Uint8Array {
  const content = decodeRoomFile(file)
  return concatBytes(...roomFileChunks({ ...content, ...change(content) }))
}

/** Ada's room with Ben in it, something written by both, and one page more. */
async function written(seed: number): Promise<{ meeting: Meeting; ada: Guest; ben: Guest }> {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const ben = await meeting.join('ben', ada)
  ada.doc.doc.getText('t').insert(0, 'by Ada')
  await meeting.until(() => meeting.agree([ada, ben], 'by Ada'))
  ben.doc.doc.getText('t').insert(6, ', by Ben')
  const other = ada.room.document('content/other')
  await meeting.during(other.whenLoaded)
  other.doc.getMap('facts').set('depth', 12)
  const hasAll = () => ben.room.documents().length === ada.room.documents().length
  await meeting.until(() => meeting.agree([ada, ben], 'by Ada, by Ben') && hasAll())
  return { meeting, ada, ben }
}

describe('a room as a file', () => {
  it('[RF4] opens elsewhere without any server, to be read and not written', async () => {
    const { meeting, ben } = await written(101)
    const file = await fileOf(meeting, ben)
    meeting.world.signaling.blockHost('zoe')
    const platform = meeting.world.platform('zoe')
    const copy = await meeting.during(importRoomOn(platform, file, OPTIONS))
    expect(copy.id).toBe(ben.room.id)
    expect(copy.state.connection.name).toBe('detached')
    expect(copy.self.role).toBe('viewer')
    expect(await textIn(meeting, copy)).toBe('by Ada, by Ben')
    const handle = copy.document('content/main')
    expect(handle.writable).toBe(false)
    handle.doc.getText('t').insert(0, 'not by anybody ')
    await meeting.world.clock.runFor(5_000)
    expect(copy.history()).toEqual(ben.room.history())
    await expect(copy.createInvite('', { role: 'viewer', notAfterMs: 0 })).rejects.toMatchObject({
      kind: 'not-allowed',
    })
    expect(copy.members().map(({ name }) => name)).toContain('ada')
    await meeting.during(copy.close())
    const again = await meeting.during(reopenRoomOn(platform, copy.id, OPTIONS))
    expect(again.state.connection.name).toBe('detached')
    expect(await textIn(meeting, again)).toBe('by Ada, by Ben')
  })

  it('[RF5] with the root key and its passphrase makes an owner, with a wrong one nothing', async () => {
    const { meeting, ada, ben } = await written(102)
    const file = await fileOf(meeting, ada, PASSPHRASE)
    await expect(ben.room.exportFile({ passphrase: PASSPHRASE })).rejects.toMatchObject({
      kind: 'not-allowed',
    })
    const platform = meeting.world.platform('zoe')
    const wrong = meeting.during(importRoomOn(platform, file, { ...OPTIONS, passphrase: 'correct horse' }))
    await expect(wrong).rejects.toMatchObject({ kind: 'recovery-refused' })
    const nothing = meeting.during(reopenRoomOn(platform, ada.room.id, OPTIONS))
    await expect(nothing).rejects.toMatchObject({ kind: 'room-unknown' })
    const room = await meeting.during(importRoomOn(platform, file, { ...OPTIONS, passphrase: PASSPHRASE }))
    expect(room.self.role).toBe('owner')
    expect(await textIn(meeting, room)).toBe('by Ada, by Ben')
    room.document('content/main').doc.getText('t').insert(0, 'back: ')
    await meeting.until(() => meeting.agree([ada, ben], 'back: by Ada, by Ben'))
    const reader = await meeting.during(importRoomOn(meeting.world.platform('yan'), file, OPTIONS))
    expect(reader.state.connection.name).toBe('detached')
  })

  it('[RF5] where this device is a member it merges, and the role stays', async () => {
    const { meeting, ada, ben } = await written(103)
    await meeting.until(() => ben.room.state.save.device === 'saved')
    await meeting.during(ben.room.close())
    ada.doc.doc.getText('t').insert(0, 'later: ')
    await meeting.world.clock.runFor(1_000)
    const file = await fileOf(meeting, ada)
    meeting.world.signaling.blockHost('ben')
    const room = await meeting.during(importRoomOn(meeting.world.platform('ben'), file, OPTIONS))
    expect(room.self).toEqual(ben.room.self)
    expect(await textIn(meeting, room)).toBe('later: by Ada, by Ben')
    room.document('content/main').doc.getText('t').insert(0, 'even ')
    await meeting.world.clock.runFor(1_000)
    await meeting.during(room.close())
    const older = await meeting.during(importRoomOn(meeting.world.platform('ben'), file, OPTIONS))
    expect(await textIn(meeting, older)).toBe('even later: by Ada, by Ben')
    meeting.world.signaling.unblockHost('ben')
    await meeting.until(() => meeting.textOf(ada) === 'even later: by Ada, by Ben')
  })

  it('[RF5] a copy becomes a member by a link, with all that it has', async () => {
    const { meeting, ada } = await written(104)
    const file = await fileOf(meeting, ada)
    const copy = await meeting.during(importRoomOn(meeting.world.platform('zoe'), file, OPTIONS))
    await meeting.during(copy.close())
    const zoe = await meeting.join('zoe', ada)
    expect([zoe.room.self.role, zoe.room.state.connection.name]).not.toContain('detached')
    expect(await textIn(meeting, zoe.room)).toBe('by Ada, by Ben')
  })

  it('[RF6] what people of the room did not sign is refused, and nothing of it is kept', async () => {
    const { meeting, ada } = await written(105)
    const file = await fileOf(meeting, ada)
    const stranger = testRoom('another room')
    const foreign = await stranger.device('owner')
    const flip = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
    const entries = [...decodeRoomFile(file).entries]
    const of = (test: (doc: string, seq: number) => boolean) =>
      entries.findIndex((bytes) => test(decodeEntry(bytes).doc, decodeEntry(bytes).seq))
    const page = of((doc) => doc === 'content/main')
    const replaced = (at: number, by: Uint8Array) => entries.map((entry, i) => (i === at ? by : entry))
    const last = (entries[page] as Uint8Array).length
    const bad: Readonly<Record<string, Uint8Array>> = {
      'a foreign chain': changed(file, ({ chains }) => ({ chains: [...chains, foreign.chainBytes] })),
      'an altered chain': changed(file, ({ chains }) => ({
        chains: [...chains].map((chain, i) => (i === 0 ? flip(chain, chain.length - 1) : chain)),
      })),
      'an altered text': changed(file, () => ({
        entries: replaced(page, flip(entries[page] as Uint8Array, last - 70)),
      })),
      'an altered signature': changed(file, () => ({
        entries: replaced(page, flip(entries[page] as Uint8Array, last - 1)),
      })),
      'half an entry': changed(file, () => ({
        entries: replaced(page, (entries[page] as Uint8Array).slice(0, 20)),
      })),
      'a proof of nothing': changed(file, () => {
        const stub = {
          header: new Uint8Array(9),
          bodyHash: new Uint8Array(32),
          signature: new Uint8Array(64),
        }
        return { proofs: [{ type: 'proof', first: stub, second: stub }] }
      }),
      'another root key': changed(file, () => ({ rootKey: stranger.root.publicKey })),
      'a key that reads nothing': changed(file, ({ keys }) => ({
        keys: { readKey: new Uint8Array(32), epochs: keys?.epochs ?? [] },
      })),
    }
    const platform = meeting.world.platform('zoe')
    for (const [what, one] of Object.entries(bad)) {
      const importing = meeting.during(importRoomOn(platform, one, OPTIONS))
      await expect(importing, what).rejects.toMatchObject({ kind: 'file-refused' })
    }
    const torn = meeting.during(importRoomOn(platform, file.slice(0, -9), OPTIONS))
    await expect(torn).rejects.toMatchObject({ kind: 'file-damaged' })
    const newer = meeting.during(
      importRoomOn(
        platform,
        file.map((byte, i) => (i === 8 ? 9 : byte)),
        OPTIONS,
      ),
    )
    await expect(newer).rejects.toMatchObject({ kind: 'file-version' })
    for (const id of [ada.room.id, stranger.roomId]) {
      const nothing = meeting.during(reopenRoomOn(platform, id, OPTIONS))
      await expect(nothing).rejects.toMatchObject({ kind: 'room-unknown' })
    }
  })

  it("[RF6] a log with a hole is refused; without its authors' chains nothing stands", async () => {
    const { meeting, ada, ben } = await written(106)
    for (let i = 0; i < 3; i++) {
      ada.doc.doc.getText('t').insert(0, `${i}`)
      await meeting.world.clock.runFor(1_000)
    }
    const file = await fileOf(meeting, ben)
    const platform = meeting.world.platform('zoe')
    const holed = changed(file, ({ entries }) => ({
      entries: [...entries].filter((bytes) => {
        const { doc, seq } = decodeEntry(bytes)
        return doc !== 'content/main' || seq !== 2
      }),
    }))
    const importing = meeting.during(importRoomOn(platform, holed, OPTIONS))
    await expect(importing).rejects.toMatchObject({ kind: 'file-refused' })
    const withoutChains = changed(file, () => ({ chains: [] }))
    const unknown = await meeting.during(importRoomOn(platform, withoutChains, OPTIONS))
    expect(await textIn(meeting, unknown)).toBe('')
  })

  it('[RF6] what could not be stored whole is not kept', async () => {
    const { meeting, ada } = await written(110)
    const file = await fileOf(meeting, ada)
    const platform = meeting.world.platform('zoe')
    const storages = platform.storages as MemoryStorages
    storages.failNext('quota')
    const failing = meeting.during(importRoomOn(platform, file, OPTIONS))
    await expect(failing).rejects.toMatchObject({ kind: 'storage-failed' })
    const left = await (await storages.open(storageName(ada.room.id))).load()
    expect([left.entries.length, left.records.size]).toEqual([0, 0])
    const copy = await meeting.during(importRoomOn(platform, file, OPTIONS))
    expect(await textIn(meeting, copy)).toBe('by Ada, by Ben')
  })

  it('[RF7] without keys, from whoever keeps it blindly, only members read it', async () => {
    const { meeting, ada, ben } = await written(107)
    await meeting.until(() => ada.room.state.save.device === 'saved')
    const storage = await meeting.world.storages('ada').open(storageName(ada.room.id))
    const pieces = exportStored(await storage.load())
    const file = concatBytes(...(pieces ?? []))
    expect(decodeRoomFile(file)).toMatchObject({ roomId: ada.room.id, keys: null, root: null })
    const zoe = meeting.during(importRoomOn(meeting.world.platform('zoe'), file, OPTIONS))
    await expect(zoe).rejects.toMatchObject({ kind: 'file-sealed' })
    const nothing = meeting.during(reopenRoomOn(meeting.world.platform('zoe'), ada.room.id, OPTIONS))
    await expect(nothing).rejects.toMatchObject({ kind: 'room-unknown' })
    await meeting.during(ben.room.close())
    const again = await meeting.during(importRoomOn(meeting.world.platform('ben'), file, OPTIONS))
    expect(again.self.role).toBe('editor')
    expect(await textIn(meeting, again)).toBe('by Ada, by Ben')
    const stored = await meeting.during(importStored(meeting.world.platform('keeper'), file))
    expect(stored.roomId).toBe(ada.room.id)
    expect(stored.entries).toHaveLength(decodeRoomFile(file).entries.length)
    expect(concatBytes(...(exportStored(stored) ?? []))).toEqual(file)
  })

  it('[RF4] [EP2] after a revocation the file reads what was written under every key', async () => {
    const { meeting, ada, ben } = await written(108)
    const cleo = await meeting.join('cleo', ada)
    await meeting.until(() => meeting.agree([ada, ben, cleo]))
    await meeting.during(ada.room.revoke(ben.room.self.key))
    await meeting.until(() => ben.room.state.connection.name === 'refused')
    ada.doc.doc.getText('t').insert(0, 'new: ')
    await meeting.until(() => meeting.agree([ada, cleo], 'new: by Ada, by Ben'))
    const file = await fileOf(meeting, cleo)
    expect(decodeRoomFile(file).keys?.epochs).toHaveLength(1)
    const platform = meeting.world.platform('zoe')
    const copy = await meeting.during(importRoomOn(platform, file, OPTIONS))
    expect(await textIn(meeting, copy)).toBe('new: by Ada, by Ben')
    expect(copy.isRevoked(ben.room.self.key)).toBe(true)
    await meeting.during(copy.close())
    const unnamed = changed(file, ({ keys }) => ({
      keys: keys && { ...keys, epochs: [{ counter: 1, key: new Uint8Array(32) }] },
    }))
    const other = await meeting.during(importRoomOn(meeting.world.platform('yan'), unnamed, OPTIONS))
    expect(await textIn(meeting, other)).toBe('by Ada, by Ben')
  })

  it('[RF8] a copy as a new room has all documents, and its maker owns it', async () => {
    const { meeting, ada } = await written(109)
    await meeting.join('dan', ada)
    const file = await fileOf(meeting, ada)
    const platform = meeting.world.platform('zoe')
    const copy = await meeting.during(importRoomOn(platform, file, OPTIONS))
    const made = await meeting.during(copyRoomOn(platform, copy, OPTIONS))
    expect(made.id).not.toBe(copy.id)
    expect(made.self.role).toBe('owner')
    await meeting.world.clock.runFor(1_000)
    await meeting.during(made.close())
    const again = await meeting.during(reopenRoomOn(platform, made.id, OPTIONS))
    expect(await textIn(meeting, again)).toBe('by Ada, by Ben')
    const other = again.document('content/other')
    await meeting.during(other.whenLoaded)
    expect(other.doc.getMap('facts').toJSON()).toEqual({ depth: 12 })
    expect(copy.documents()).toContain('invites')
    expect(again.documents()).toEqual(['content/main', 'content/other'])
    expect(new Set(again.history().map(({ author }) => author))).toEqual(new Set([made.self.key]))
  })
})
