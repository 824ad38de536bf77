import { numbered, numbersOf } from '@parley/mesh/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { DiskStorages, StorageAlarm, StorageFault } from './api.ts'
import { storagesOn } from './disk-storages.ts'
import { FakeFileSystem, type Operation } from './testing/fake-file-system.ts'
import { silent } from './testing/numbered-run.ts'

let fs: FakeFileSystem
let alarms: StorageAlarm[]
let storages: DiskStorages

beforeEach(async () => {
  fs = new FakeFileSystem()
  alarms = []
  storages = await storagesOn(
    fs,
    '/data',
    { log: () => undefined, alarm: (alarm) => void alarms.push(alarm) },
    null,
    { segmentBytes: 200, waitingBytes: 1000 },
  )
})

async function survivors(survival: 'lost' | 'kept' = 'lost'): Promise<string> {
  const after = await storagesOn(
    fs.afterPowerCut(survival, () => 0),
    '/data',
    silent,
  )
  return numbersOf((await (await after.open('room')).load()).entries)
}

const FAULTS: readonly (readonly [string, StorageFault])[] = [
  ['ENOSPC', 'disk-full'],
  ['EIO', 'io'],
  ['EROFS', 'not-writable'],
]
const OPERATIONS: readonly Operation[] = ['write', 'sync', 'truncate', 'open', 'rename', 'syncFolder']

describe('[F46] the disk fails', () => {
  for (const [code, fault] of FAULTS) {
    it(`[DS5] ${code}: no false acknowledgement, an alarm, and recovery without a restart`, async () => {
      const storage = await storages.open('room')
      storage.append([numbered(0)])
      await storage.flush()
      fs.failure = (operation) => (operation === 'write' ? { code, half: true } : null)
      for (let number = 1; number <= 3; number++) {
        storage.append([numbered(number)])
        await expect(storage.flush()).rejects.toMatchObject({ kind: 'storage-failed', fault })
      }
      await expect(storage.put('key', 1)).rejects.toMatchObject({ fault })
      expect(storages.health()).toMatchObject({ state: 'read-only', fault, rooms: ['room'] })
      expect(numbersOf((await storage.load()).entries)).toBe('0')
      fs.failure = () => null
      storage.append([numbered(4)])
      await storage.flush()
      expect(storages.health()).toEqual({ state: 'ok', waitingBytes: 0 })
      expect(alarms.map(({ kind }) => kind)).toEqual(['read-only', 'recovered'])
      const { entries, records } = await storage.load()
      expect(numbersOf(entries)).toBe('0 1 2 3 4')
      expect(records.get('key')).toBe(1)
      expect(await survivors()).toBe('0 1 2 3 4')
    })
  }

  for (const failing of OPERATIONS) {
    it(`[DS5] each ${failing} in turn: what was acknowledged is there, what failed comes with the next flush`, async () => {
      for (let at = 0; ; at++) {
        fs = new FakeFileSystem()
        storages = await storagesOn(fs, '/data', silent, null, { segmentBytes: 200 })
        const storage = await storages.open('room')
        let countdown = at
        fs.failure = (operation) =>
          operation === failing && countdown-- === 0 ? { code: 'EIO', half: true } : null
        let failures = 0
        for (let number = 0; number < 30; number++) {
          storage.append([numbered(number)])
          await storage.flush().catch(() => failures++)
        }
        await storage.flush()
        const all = Array.from({ length: 30 }, (_, number) => number).join(' ')
        expect(numbersOf((await storage.load()).entries)).toBe(all)
        expect(await survivors()).toBe(all)
        if (countdown >= 0) break
        expect(failures, `${failing} ${at} told nobody`).toBe(1)
      }
    })
  }

  it('[DS5] what a failed write left behind is not taken for stored, whatever survives', async () => {
    const storage = await storages.open('room')
    storage.append([numbered(0)])
    await storage.flush()
    fs.failure = (operation) => (operation === 'sync' ? { code: 'EIO' } : null)
    storage.append([numbered(1)])
    await expect(storage.flush()).rejects.toMatchObject({ fault: 'io' })
    expect(numbersOf((await storage.load()).entries)).toBe('0')
    fs.failure = () => null
    storage.append([numbered(2)])
    await storage.flush()
    expect(await survivors('kept')).toBe('0 1 2')
  })

  it('[DS6] what waits is bounded: beyond it entries are dropped and never acknowledged, until the room is opened again', async () => {
    const storage = await storages.open('room')
    fs.failure = (operation) => (operation === 'write' ? { code: 'ENOSPC' } : null)
    for (let number = 0; number < 200; number++) storage.append([numbered(number)])
    await expect(storage.flush()).rejects.toMatchObject({ fault: 'disk-full' })
    expect(storages.health().waitingBytes).toBeLessThanOrEqual(1000)
    expect(alarms.map(({ kind }) => kind)).toEqual(['overflow', 'read-only'])
    fs.failure = () => null
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(storage.flush()).rejects.toMatchObject({ fault: 'overflow' })
    await expect(storage.close()).rejects.toMatchObject({ fault: 'overflow' })
    expect(storages.health()).toEqual({ state: 'ok', waitingBytes: 0 })
    const again = await storages.open('room')
    const { entries } = await again.load()
    expect(numbersOf(entries)).toBe(Array.from({ length: entries.length }, (_, number) => number).join(' '))
    again.append([numbered(entries.length)])
    await again.flush()
  })

  it('[DS5] one room that fails does not stop another; the folder is well when both are', async () => {
    const [one, two] = [await storages.open('one'), await storages.open('two')]
    fs.failure = (_operation, path) => (path.includes('/one/') ? { code: 'EIO' } : null)
    for (const storage of [one, two]) storage.append([numbered(0)])
    await expect(one.flush()).rejects.toMatchObject({ fault: 'io' })
    await two.flush()
    expect(storages.health()).toMatchObject({ state: 'read-only', rooms: ['one'] })
    fs.failure = () => null
    await expect(one.close()).resolves.toBeUndefined()
    expect(storages.health().state).toBe('ok')
  })
})
