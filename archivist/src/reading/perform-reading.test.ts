/** From a link and a file to what can be read: on the disk, without a network or processes. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRoomOn, defaultPlatform, type Room } from '@parley/mesh'
import { afterEach, describe, expect, it } from 'vitest'
import { type KeeperParts, makeKeeperParts } from '../keeper-parts.ts'
import { perform } from '../perform.ts'
import { WHOLE } from '../share.ts'
import { Ends, FAR_MS, PAGE, textIn, write } from '../testing/house.ts'
import type { SearchAnswer } from './search.ts'

const APP = 'https://parley.test/'
const ends = new Ends()
afterEach(() => ends.run())

async function roomOffline(): Promise<Room> {
  const profile = { name: 'Ada', color: '#336699' }
  const room = await createRoomOn(defaultPlatform(), { signaling: [], profile })
  return ends.add(room, (one) => one.close())
}

async function openFolder(dir: string): Promise<KeeperParts> {
  const config = { dir, signaling: [], operatorTokenFile: null, share: WHOLE, maxRooms: 9 }
  return makeKeeperParts(config, () => undefined)
}

async function search(parts: KeeperParts, room: Room, word: string): Promise<SearchAnswer> {
  const outcome = await perform(parts, { op: 'search', room: room.id.slice(0, 22), words: [word] })
  if (!outcome.ok) throw new Error(outcome.error)
  return outcome.value as SearchAnswer
}

async function writeFile(room: Room): Promise<string> {
  const file = join(ends.folder(), 'room.parley')
  writeFileSync(file, Buffer.concat(await room.exportFile()))
  return file
}

describe('a sighted room on the disk', () => {
  it('[AR10] [AR11] is read under all its keys again and again, from the folder alone', async () => {
    const room = await roomOffline()
    await write(room, 'first heliotrope ')
    const { link } = await room.createInvite(APP, { role: 'archivist', sighted: true, notAfterMs: FAR_MS })
    const other = await room.createInvite(APP, { role: 'editor', notAfterMs: FAR_MS })
    await room.revoke(other.key)
    await write(room, 'second wolverine')
    const file = await writeFile(room)
    const dir = ends.folder()
    const parts = await openFolder(dir)
    expect(await perform(parts, { op: 'import', file })).toMatchObject({ ok: true })
    expect(await perform(parts, { op: 'add', link, blind: false })).toMatchObject({ ok: true })
    for (const open of [() => parts, () => openFolder(dir), () => openFolder(dir)]) {
      const folder = await open()
      const { hits, missingCount } = await search(folder, room, 'wolverine')
      expect(missingCount).toBe(0)
      expect(hits).toMatchObject([
        { document: PAGE, author: 'Ada', snippets: [{ text: 'first heliotrope second wolverine' }] },
      ])
      await folder.close()
    }
    expect(readFileSync(file).includes('wolverine')).toBe(false)
  })

  it('[AR11] says how much it cannot read where a key never came, and finds the rest', async () => {
    const room = await roomOffline()
    await write(room, 'first heliotrope ')
    const { link, key } = await room.createInvite(APP, {
      role: 'archivist',
      sighted: true,
      notAfterMs: FAR_MS,
    })
    await room.revoke(key)
    await write(room, 'second wolverine')
    const parts = await openFolder(ends.folder())
    ends.add(parts, (one) => one.close())
    await perform(parts, { op: 'import', file: await writeFile(room) })
    expect(await perform(parts, { op: 'add', link, blind: false })).toMatchObject({ ok: true })
    expect((await search(parts, room, 'heliotrope')).hits).toHaveLength(1)
    const answer = await search(parts, room, 'wolverine')
    expect(answer.hits).toEqual([])
    expect(answer.missingCount).toBeGreaterThan(0)
    expect(textIn(room).toString()).toBe('first heliotrope second wolverine')
  })
})
