import { describe, expect, it } from 'vitest'
import { MemoryStorages } from './memory-storage.ts'
import { describeStorageContract, freshRoomName, numbered, numbersOf } from './storage-contract.ts'

describeStorageContract(
  'memory',
  async () => {
    const storages = new MemoryStorages()
    return {
      storages,
      reopen: async (roomName) => {
        storages.crash(roomName)
        return storages
      },
      failNextWrite: () => storages.failNext('quota'),
    }
  },
  { describe, it },
)

describe('MemoryStorages', () => {
  it('drops at a crash what no flush made durable, and rejects on the handles of before', async () => {
    const storages = new MemoryStorages({ durability: 'disk' })
    const roomName = freshRoomName()
    const storage = await storages.open(roomName)
    storage.append([numbered(1)])
    await storage.flush()
    storage.append([numbered(2)])
    expect(numbersOf((await storage.load()).entries)).toBe('1 2')
    storages.crash(roomName)
    storage.append([numbered(3)])
    for (const call of [() => storage.flush(), () => storage.load(), () => storage.put('a', 1)])
      await expect(call()).rejects.toMatchObject({ kind: 'storage-failed' })
    expect(numbersOf((await (await storages.open(roomName)).load()).entries)).toBe('1')
    expect(storage.durability).toBe('disk')
    expect(storages.counters).toEqual({ appendCalls: 3, entryCount: 3, flushes: 1, puts: 0 })
  })

  it('holds manual flushes until they are completed; only what preceded them becomes durable', async () => {
    const storages = new MemoryStorages({ flush: 'manual' })
    const roomName = freshRoomName()
    const storage = await storages.open(roomName)
    storage.append([numbered(1)])
    const flushed = storage.flush()
    storage.append([numbered(2)])
    expect(storages.completeFlushes()).toBe(1)
    await flushed
    storages.crash(roomName)
    expect(numbersOf((await (await storages.open(roomName)).load()).entries)).toBe('1')
  })

  it('rejects a manual flush that a crash overtakes, and a put with it', async () => {
    const storages = new MemoryStorages({ flush: 'manual' })
    const roomName = freshRoomName()
    const storage = await storages.open(roomName)
    storage.append([numbered(1)])
    const pending = [storage.flush(), storage.put('a', 1)].map((call) =>
      expect(call).rejects.toMatchObject({ kind: 'storage-failed' }),
    )
    storages.crash(roomName)
    await Promise.all(pending)
    const { entries, records } = await (await storages.open(roomName)).load()
    expect(entries.length + records.size).toBe(0)
  })

  it('is copied as it lies there, unflushed entries too; from then on neither hears of the other', async () => {
    const storages = new MemoryStorages({ durability: 'disk' })
    const roomName = freshRoomName()
    const storage = await storages.open(roomName)
    storage.append([numbered(1)])
    await storage.flush()
    await storage.put('key', { of: 'both' })
    storage.append([numbered(2)])
    const copied = await storages.copy().open(roomName)
    storage.append([numbered(3)])
    copied.append([numbered(4)])
    await copied.put('key', { of: 'the copy' })
    expect(numbersOf((await storage.load()).entries)).toBe('1 2 3')
    expect(numbersOf((await copied.load()).entries)).toBe('1 2 4')
    expect([storage, copied].map(({ durability }) => durability)).toEqual(['disk', 'disk'])
    expect((await storage.load()).records.get('key')).toEqual({ of: 'both' })
  })

  it('fails the next flush or put when told to, once', async () => {
    const storages = new MemoryStorages()
    const storage = await storages.open(freshRoomName())
    storages.failNext('io')
    await expect(storage.flush()).rejects.toMatchObject({ kind: 'storage-failed' })
    storages.failNext('io')
    await expect(storage.put('a', 1)).rejects.toMatchObject({ kind: 'storage-failed' })
    await storage.put('a', 1)
    await storage.flush()
  })
})
