import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { archiveOf, ChainedLog } from '@parley/mesh/testing'
import { formatRoomLink, signalKeyOf } from '@parley/protocol'
import { testRoom } from '@parley/protocol/testing'
import { afterEach, expect, it } from 'vitest'
import { type KeeperParts, makeKeeperParts } from './keeper-parts.ts'
import { perform } from './perform.ts'
import { WHOLE } from './share.ts'
import { storagesOn } from './storage/disk-storages.ts'
import { nodeFileSystem } from './storage/node-file-system.ts'
import { Ends } from './testing/house.ts'

const ends = new Ends()
afterEach(() => ends.run())

const KEEP_ALL = { signaling: [], operatorTokenFile: null, share: WHOLE, maxRooms: 10 }
const SMALL = { segmentBytes: 1_000 }

async function linkOf(seed: string) {
  const { roomId, readKey, invite } = testRoom(seed)
  const { chain, key } = await invite('archivist')
  const parts = { roomId, chain, inviteSeed: key.seed, signalKey: signalKeyOf(readKey), via: [] }
  return { name: roomId.slice(0, 22), link: formatRoomLink('https://parley.test/', parts) }
}

async function openParts(dir: string, events: string[]): Promise<KeeperParts> {
  const log = (_level: string, event: string) => void events.push(event)
  return makeKeeperParts({ ...KEEP_ALL, dir }, log)
}

it('[DS14] [F45] a room that turns out to be damaged while it is open is let go of, and the others go on', async () => {
  const dir = ends.folder()
  const events: string[] = []
  const [damaged, other] = [await linkOf('damaged'), await linkOf('other')]
  const before = await openParts(dir, events)
  for (const { link } of [damaged, other]) await before.keeper.add(link)
  await before.close()
  const storages = await storagesOn(nodeFileSystem, dir, { log: () => undefined }, null, SMALL)
  const storage = await storages.open(damaged.name)
  await archiveOf(storage)
  const log = new ChainedLog(1)
  for (let i = 0; i < 60; i++) {
    storage.append([log.next()])
    await storage.flush()
  }
  await storages.close()
  const path = join(dir, 'rooms', damaged.name, 'segment-00000001.log')
  const bytes = await readFile(path)
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 300) ^ 4, bytes.length - 300)
  await writeFile(path, bytes)

  const parts = ends.add(await openParts(dir, events), (one) => one.close())
  await parts.openRooms()
  expect(parts.status()).toMatchObject({ roomCount: 2, unopenedCount: 0, quarantinedCount: 0 })
  const outcome = await perform(parts, {
    op: 'export',
    room: damaged.name,
    file: join(dir, 'file.parley'),
    plain: false,
  })
  expect(outcome).toMatchObject({ ok: false })
  await expect.poll(() => parts.keeper.failureOf(damaged.name), { timeout: 10_000 }).toContain('quarantine')
  expect(parts.status()).toMatchObject({ roomCount: 2, unopenedCount: 1, quarantinedCount: 1 })
  expect(parts.keeper.get(damaged.name)).toBeUndefined()
  expect(parts.keeper.get(other.name)?.stats()).toMatchObject({ linkCount: 0 })
  expect(events).toContain('room-quarantined')
  const list = await perform(parts, { op: 'list' })
  expect(list).toMatchObject({
    ok: true,
    value: expect.arrayContaining([expect.objectContaining({ room: damaged.name, state: 'quarantined' })]),
  })
})
