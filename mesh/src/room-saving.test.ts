import type { KeyId } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { FLUSH_MS, REDIAL_MAX_MS } from './limits.ts'
import { RoomSaving } from './room-saving.ts'
import { type MemoryStorageOptions, MemoryStorages } from './testing/memory-storage.ts'
import { SealedRoom } from './testing/sealed-room.ts'
import { VirtualClock } from './testing/virtual-clock.ts'

const BEN = 'ben' as KeyId
const CLEO = 'cleo' as KeyId

async function makeSaving(options: MemoryStorageOptions = { durability: 'disk', flush: 'manual' }) {
  const house = new SealedRoom('saving')
  const ada = await house.room.device('owner', 'ada')
  const eve = await house.room.device('editor', 'eve')
  const clock = new VirtualClock()
  const storages = new MemoryStorages(options)
  const durable: number[] = []
  const failures: unknown[] = []
  const saving = new RoomSaving(await storages.open('room'), clock, ada.key.keyId, {
    durable: (logs) => void durable.push(...logs.values()),
    failed: (error) => void failures.push(error),
    changed: () => undefined,
  })
  const written = await house.writeLog(ada, 20)
  const byEve = await house.writeLog(eve, 20)
  let [own, theirs] = [0, 0]
  const store = (from: 'ada' | 'eve' = 'ada') => {
    const { entry, hash } = (from === 'ada' ? written[own++] : byEve[theirs++]) as (typeof written)[0]
    const log = house.journal.logFor(entry)
    saving.stored([{ log, record: house.journal.append(log, entry, hash) }])
    return log
  }
  const device = () => {
    const { failed, pending } = saving.facts
    return failed ? 'failed' : pending ? 'saving' : 'saved'
  }
  return { house, clock, storages, saving, store, device, durable, failures }
}

describe('on this device', () => {
  it('[SV1] is true once a transaction holds everything written before, and not earlier', async () => {
    const { clock, storages, store, device, durable } = await makeSaving()
    expect(device()).toBe('saved')
    store()
    await clock.runFor(FLUSH_MS)
    expect([device(), durable]).toEqual(['saving', []])
    store()
    storages.completeFlushes()
    await clock.runFor(FLUSH_MS)
    expect([device(), durable]).toEqual(['saving', [1]])
    storages.completeFlushes()
    await clock.settle()
    expect([device(), durable]).toEqual(['saved', [1, 2]])
  })

  it('[SV1] takes at most one transaction every 250 ms', async () => {
    const { clock, storages, store } = await makeSaving({ durability: 'disk' })
    for (let i = 0; i < 20; i++) {
      store()
      await clock.runFor(50)
    }
    await clock.runFor(FLUSH_MS)
    expect(storages.counters.flushes).toBe(4)
    expect(FLUSH_MS).toBe(250)
  })

  it('[SV3] when storage refuses it says so at once, acknowledges nothing, and tries again', async () => {
    const { clock, storages, saving, store, device, durable, failures } = await makeSaving({
      durability: 'disk',
    })
    storages.failNext('quota')
    const log = store()
    await clock.runFor(FLUSH_MS)
    expect([device(), durable, failures.length, saving.durableSeq(log)]).toEqual(['failed', [], 1, 0])
    store()
    await clock.runFor(REDIAL_MAX_MS)
    expect([device(), durable.at(-1), saving.durableSeq(log)]).toEqual(['saved', 2, 2])
  })

  it('[SV5] that keeps nothing durably acknowledges nothing', async () => {
    const { clock, saving, store } = await makeSaving({ durability: 'memory' })
    const log = store('eve')
    await clock.runFor(FLUSH_MS)
    expect(saving.durableSeq(log)).toBeNull()
  })
})

describe('with others', () => {
  it('[SV2] counts the devices whose receipts reach the last own entry', async () => {
    const { saving, store } = await makeSaving({ durability: 'disk' })
    const log = store()
    saving.handleReceipt(BEN, log.key, 1)
    expect(saving.facts.holders).toBe(1)
    store()
    expect(saving.facts.holders).toBe(0)
    saving.handleReceipt(BEN, log.key, 2)
    saving.handleReceipt(BEN, log.key, 1)
    saving.handleReceipt(CLEO, log.key, 2)
    expect(saving.facts.holders).toBe(2)
    store('eve')
    expect(saving.facts.holders).toBe(2)
  })

  it('[SV2] neither own receipts count, nor those for logs of others', async () => {
    const { saving, store } = await makeSaving({ durability: 'disk' })
    const log = store()
    saving.handleReceipt(log.author, log.key, 1)
    saving.handleReceipt(BEN, store('eve').key, 1)
    expect(saving.facts.holders).toBe(0)
  })

  it('[SV2] after a reload the latest own log from before still counts', async () => {
    const { house, saving } = await makeSaving({ durability: 'disk' })
    const ada = await house.room.device('owner', 'ada')
    const written = await house.writeLog(ada, 2, { session: 9 })
    house.store(written)
    saving.setLoaded(house.journal.logs())
    expect(saving.facts).toMatchObject({ written: true, holders: 0 })
    saving.handleReceipt(BEN, written[0]?.entry.log as never, 2)
    expect(saving.facts.holders).toBe(1)
  })
})
