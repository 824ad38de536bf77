import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { numbered, numbersOf } from '@parley/mesh/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { DiskStorages } from './api.ts'
import { backup } from './backup.ts'
import { diskStorages, storagesOn } from './disk-storages.ts'
import { listRooms } from './list-rooms.ts'
import { prune } from './prune.ts'
import { removeRoom } from './remove-room.ts'
import { restore } from './restore-rooms.ts'
import { FakeFileSystem } from './testing/fake-file-system.ts'
import { silent } from './testing/numbered-run.ts'
import { verifyRoom } from './verify-room.ts'

const SMALL = { segmentBytes: 300 }
let fs: FakeFileSystem
let storages: DiskStorages
const held = () => ({ fs, folderIsHeld: true })

beforeEach(async () => {
  fs = new FakeFileSystem()
  storages = await storagesOn(fs, '/data', silent, null, SMALL)
})

async function write(name: string, from: number, to: number): Promise<void> {
  const storage = await storages.open(name)
  for (let number = from; number < to; number++) {
    storage.append([numbered(number)])
    await storage.flush()
  }
  await storage.put('last', to)
  await storage.close()
}

async function stored(dir: string, name: string): Promise<string> {
  const opened = await storagesOn(fs, dir, silent)
  const { entries } = await (await opened.open(name)).load()
  await opened.close()
  return numbersOf(entries)
}

const upTo = (count: number): string => Array.from({ length: count }, (_, number) => number).join(' ')

describe('listing and verifying', () => {
  it('[DS7] counts what is there and says where damage is', async () => {
    await write('a', 0, 40)
    await write('b', 0, 1)
    await storages.open('never-written')
    const [a, b, ...rest] = await listRooms('/data', fs)
    expect([a?.name, a?.state, b?.name, rest.length]).toEqual(['a', 'kept', 'b', 0])
    expect(a?.segmentCount).toBeGreaterThan(3)
    expect(await verifyRoom('/data', 'a', fs)).toEqual({
      state: 'whole',
      entryCount: 40,
      entryBytes: 480,
      valueCount: 1,
      tornBytes: 0,
    })
    expect(await verifyRoom('/data', 'never-written', fs)).toEqual({ state: 'absent' })
    const path = '/data/rooms/a/segment-00000002.log'
    const bytes = await fs.read(path)
    fs.overwrite(path, bytes.fill(7, 100, 101))
    const verdict = await verifyRoom('/data', 'a', fs)
    expect(verdict).toMatchObject({ state: 'damaged', damage: { file: 'segment-00000002.log' } })
    await expect(storages.open('a')).rejects.toMatchObject({ fault: 'damaged' })
    expect(await verifyRoom('/data', 'a', fs)).toMatchObject({ state: 'quarantined', folder: 'a.1' })
    expect((await listRooms('/data', fs)).map(({ state }) => state)).toEqual(['quarantined', 'kept'])
  })

  it('[DS7] names that are no rooms are refused', async () => {
    for (const name of ['', '..', 'a/b', '.', 'x'.repeat(65), 'a b']) {
      await expect(verifyRoom('/data', name, fs)).rejects.toMatchObject({ fault: 'refused' })
      await expect(storages.open(name)).rejects.toMatchObject({ fault: 'refused' })
      await expect(storages.remove(name)).rejects.toMatchObject({ fault: 'refused' })
    }
  })
})

describe('backup and restore', () => {
  it('[DS8] copies what is new, and what was copied can be restored', async () => {
    await write('a', 0, 30)
    const first = await backup('/data', '/copy', fs)
    expect(first.isComplete).toBe(true)
    expect(first.rooms.get('a')?.outcome).toBe('copied')
    expect((await backup('/data', '/copy', fs)).rooms.get('a')).toEqual({ outcome: 'unchanged' })
    await write('a', 30, 33)
    await write('b', 0, 2)
    const second = await backup('/data', '/copy', fs)
    expect(second.copiedBytes).toBeLessThan(first.copiedBytes / 2)
    await restore('/copy', '/new', held())
    expect([await stored('/new', 'a'), await stored('/new', 'b')]).toEqual([upTo(33), upTo(2)])
  })

  it('[DS8] a copy taken at any moment of a writer restores to what was acknowledged by then', async () => {
    const storage = await storages.open('a')
    let acknowledged = 0
    let writing = true
    const writer = (async () => {
      for (let number = 0; number < 400; number++) {
        storage.append([numbered(number)])
        await storage.flush()
        acknowledged = number + 1
      }
      writing = false
    })()
    for (let round = 0; writing; round++) {
      const least = acknowledged
      const { rooms } = await backup('/data', '/copy', fs)
      if (least === 0) continue
      expect(['copied', 'unchanged']).toContain(rooms.get('a')?.outcome)
      await restore('/copy', `/restored-${round}`, held())
      const text = await stored(`/restored-${round}`, 'a')
      expect(text).toBe(upTo(text.split(' ').length))
      expect(text.split(' ').length).toBeGreaterThanOrEqual(least)
    }
    await writer
  })

  it('[DS8] a copy survives a power cut at every change of copying, and is brought up to date after it', async () => {
    await write('a', 0, 12)
    await backup('/data', '/copy', fs)
    await write('a', 12, 40)
    await fs.syncFolder('/')
    const start = fs
    for (let cut = 0; ; cut++) {
      fs = start.afterPowerCut('kept', () => 0)
      fs.cutPowerAt(cut)
      const isDone = await backup('/data', '/copy', fs).then(
        () => true,
        () => false,
      )
      fs = fs.afterPowerCut('torn', () => (cut * 0.37) % 1)
      expect((await verifyRoom('/copy', 'a', fs)).state).toBe('whole')
      expect((await backup('/data', '/copy', fs)).isComplete).toBe(true)
      expect(await stored('/copy', 'a')).toBe(upTo(40))
      if (isDone) break
    }
  })

  for (const segmentBytes of [300, 100_000]) {
    it(`[DS8] a room that came anew under its name, or was put back, leaves the copy as it is (segments of ${segmentBytes} bytes)`, async () => {
      storages = await storagesOn(fs, '/data', silent, null, { segmentBytes })
      await write('a', 0, 20)
      await backup('/data', '/copy', fs)
      await backup('/data', '/old', fs)
      await write('a', 20, 30)
      await backup('/data', '/copy', fs)
      await storages.remove('a')
      await restore('/old', '/data', held())
      const back = await backup('/data', '/copy', fs)
      expect(back.isComplete).toBe(false)
      expect(back.rooms.get('a')).toEqual({ outcome: 'refused', reason: 'ahead' })
      await storages.remove('a')
      await write('a', 0, 50)
      const anew = await backup('/data', '/copy', fs)
      expect(anew.rooms.get('a')).toEqual({ outcome: 'refused', reason: 'other-room' })
      expect(await stored('/copy', 'a')).toBe(upTo(30))
    })
  }

  it('[DS8] restoring overwrites nothing, leaves damaged rooms out, and heals a room in quarantine', async () => {
    for (const name of ['a', 'b']) await write(name, 0, 20)
    await backup('/data', '/copy', fs)
    await expect(restore('/copy', '/data', held())).rejects.toMatchObject({ fault: 'refused' })
    await expect(restore('/copy', '/new', { ...held(), names: ['c'] })).rejects.toMatchObject({
      fault: 'refused',
    })
    const path = '/data/rooms/a/segment-00000001.log'
    fs.overwrite(path, (await fs.read(path)).fill(7, 100, 101))
    await expect(storages.open('a')).rejects.toMatchObject({ fault: 'damaged' })
    expect(await restore('/copy', '/data', { ...held(), names: ['a'] })).toEqual({
      restored: ['a'],
      damaged: [],
    })
    expect(await stored('/data', 'a')).toBe(upTo(20))
    expect((await fs.list('/data/quarantine')).length).toBe(1)
    const copied = '/copy/rooms/b/manifest'
    fs.overwrite(copied, (await fs.read(copied)).fill(7, 3, 4))
    expect(await restore('/copy', '/new', held())).toEqual({ restored: ['a'], damaged: ['b'] })
  })
})

describe('pruning and removing', () => {
  it('[DS9] takes leftovers, quarantine of rooms that are well again, and unused rooms only when asked', async () => {
    await write('a', 0, 20)
    await fs.makeFolder('/data/trash/x.1')
    await fs.makeFolder('/data/quarantine/a.1')
    await fs.makeFolder('/data/quarantine/gone.1')
    expect((await prune('/data', held())).removedRooms).toEqual([])
    expect(await fs.list('/data/trash')).toEqual([])
    expect((await fs.list('/data/quarantine')).map(({ name }) => name)).toEqual(['gone.1'])
    expect((await prune('/data', { ...held(), unusedSinceMs: 0 })).removedRooms).toEqual([])
    const { removedRooms, freedBytes } = await prune('/data', { ...held(), unusedSinceMs: 1 })
    expect(removedRooms).toEqual(['a'])
    expect(freedBytes).toBeGreaterThan(400)
    expect(await listRooms('/data', fs)).toMatchObject([{ name: 'gone', state: 'quarantined' }])
  })

  it('[DS9] a removal that power cuts short leaves the whole room or none', async () => {
    await write('a', 0, 40)
    const start = fs
    for (let cut = 0; ; cut++) {
      fs = start.afterPowerCut('kept', () => 0)
      fs.cutPowerAt(cut)
      const isDone = await removeRoom('/data', 'a', held()).then(
        () => true,
        () => false,
      )
      fs = fs.afterPowerCut('torn', () => (cut * 0.37) % 1)
      expect(['', upTo(40)]).toContain(await stored('/data', 'a'))
      if (isDone) break
    }
    expect(await stored('/data', 'a')).toBe('')
  })
})

it('[DS10] a folder that was closed is not written any more, whoever still holds a room', async () => {
  const storage = await storages.open('a')
  storage.append([numbered(0)])
  await storages.close()
  const boundaries = fs.boundaryCount
  storage.append([numbered(1)])
  await expect(storage.flush()).rejects.toMatchObject({ kind: 'closed' })
  await storage.close()
  expect(fs.boundaryCount).toBe(boundaries)
  expect(await stored('/data', 'a')).toBe('0')
})

it('[DS10] one writer a folder: another one, and what changes rooms from outside, is told that it is taken', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'parley-lock-'))
  try {
    const first = await diskStorages(dir, silent)
    await expect(diskStorages(dir, silent)).rejects.toMatchObject({ kind: 'storage-failed', fault: 'locked' })
    await expect(removeRoom(dir, 'a')).rejects.toMatchObject({ fault: 'locked' })
    await expect(prune(dir)).rejects.toMatchObject({ fault: 'locked' })
    expect(await listRooms(dir)).toEqual([])
    await first.close()
    await expect(first.open('a')).rejects.toMatchObject({ kind: 'closed' })
    const second = await diskStorages(dir, silent)
    await second.close()
  } finally {
    await rm(dir, { recursive: true })
  }
})
