import type { Log } from '../ports.ts'
import { assert, assertEqual } from '../testing/assert.ts'
import { afterEach, describe, it } from '../testing/mocha.ts'
import {
  assertFails,
  describeStorageContract,
  freshRoomName,
  numbered,
  numbersOf,
} from '../testing/storage-contract.ts'
import { contentOf } from './indexeddb-raw-access.ts'
import { indexedDbStorages } from './indexeddb-storage.ts'

const quiet: Log = () => undefined
const undo: (() => void)[] = []
afterEach(() => {
  for (const restore of undo.splice(0)) restore()
})

/** Replaces one method of the database's prototypes until the test ends; `make` gets the original. */
function stub<T extends object, K extends keyof T>(target: T, name: K, make: (original: T[K]) => T[K]): void {
  const original = target[name]
  target[name] = make(original)
  undo.push(() => {
    target[name] = original
  })
}

/** The browser may refuse a write as soon as it is asked for; see the test of a real quota for the other way. */
function failNextTailWrite(): void {
  let failed = false
  stub(IDBObjectStore.prototype, 'add', (add) => {
    return function (this: IDBObjectStore, value, key) {
      if (failed || this.name !== 'tail') return add.call(this, value, key)
      failed = true
      throw new DOMException('no quota', 'QuotaExceededError')
    }
  })
}

async function storedIn(roomName: string): Promise<string> {
  const storage = await indexedDbStorages(quiet).open(roomName)
  const numbers = numbersOf((await storage.load()).entries)
  await storage.close()
  return numbers
}

describeStorageContract(
  'IndexedDB',
  async () => ({
    storages: indexedDbStorages(quiet),
    reopen: async () => indexedDbStorages(quiet),
    failNextWrite: failNextTailWrite,
  }),
  { describe, it },
)

describe('IndexedDB layout', () => {
  it('10,000 small entries, synced in parts, load from packed blocks', async () => {
    const roomName = freshRoomName()
    const storage = await indexedDbStorages(quiet).open(roomName)
    const writeStartMs = performance.now()
    for (let from = 0; from < 10_000; from += 250) {
      storage.append(Array.from({ length: 250 }, (_, index) => numbered(from + index)))
      if (from % 1000 === 750) await storage.flush()
    }
    await storage.close()
    const reopened = await indexedDbStorages(quiet).open(roomName)
    const loadStartMs = performance.now()
    const { entries } = await reopened.load()
    const loadMs = performance.now() - loadStartMs
    console.log(
      `10,000 entries: written in ${Math.round(loadStartMs - writeStartMs)} ms, loaded in ${Math.round(loadMs)} ms`,
    )
    assertEqual(entries.length, 10_000, 'entries')
    assert(
      entries.every((entry, index) => numbersOf([entry]) === String(index)),
      'order differs',
    )
    await reopened.close()
    assertEqual((await contentOf(roomName, 'blocks')).length, Math.ceil(10_000 / 512), 'blocks')
    assertEqual((await contentOf(roomName, 'tail')).length, 0, 'tail records')
  })

  it('small flushes go on in one block', async () => {
    const roomName = freshRoomName()
    const storage = await indexedDbStorages(quiet).open(roomName)
    for (let number = 0; number < 30; number++) {
      storage.append([numbered(number)])
      await storage.flush()
    }
    await storage.close()
    assertEqual((await contentOf(roomName, 'blocks')).length, 1, 'blocks')
  })

  it('a key that cannot be exported comes back and still signs', async () => {
    const roomName = freshRoomName()
    const { privateKey, publicKey } = (await crypto.subtle.generateKey('Ed25519', false, [
      'sign',
      'verify',
    ])) as CryptoKeyPair
    const storage = await indexedDbStorages(quiet).open(roomName)
    await storage.put('key', privateKey)
    await storage.close()
    const loaded = (await (await indexedDbStorages(quiet).open(roomName)).load()).records.get(
      'key',
    ) as CryptoKey
    assertEqual(loaded.extractable, false, 'extractable')
    const message = numbered(1) as Uint8Array<ArrayBuffer>
    const signature = await crypto.subtle.sign('Ed25519', loaded, message)
    assert(await crypto.subtle.verify('Ed25519', publicKey, signature, message), 'signature is wrong')
  })

  it('asks for persistence once, after the first flush, and logs the answer', async () => {
    const events: string[] = []
    const answered = new Promise<void>((resolve) => {
      const storages = indexedDbStorages((_level, event) => {
        events.push(event)
        resolve()
      })
      const roomName = freshRoomName()
      void storages.open(roomName).then(async (storage) => {
        assertEqual(events.length, 0, 'log lines before the flush')
        for (const number of [1, 2]) {
          storage.append([numbered(number)])
          await storage.flush()
        }
      })
    })
    await answered
    assertEqual(events.join(), 'storage-persistence')
  })
})

describe('IndexedDB durability', () => {
  /** Notes when transactions begin and complete, by name of their durability. */
  function watchTransactions(): string[] {
    const seen: string[] = []
    stub(IDBDatabase.prototype, 'transaction', (start) => {
      return function (this: IDBDatabase, stores, mode, options) {
        const transaction = start.call(this, stores, mode, options)
        if (mode === 'readwrite')
          transaction.addEventListener('complete', () => seen.push(options?.durability ?? 'default'))
        return transaction
      }
    })
    return seen
  }

  it('[F49] flush resolves after a strict transaction completed, put likewise', async () => {
    const storage = await indexedDbStorages(quiet).open(freshRoomName())
    const completed = watchTransactions()
    storage.append([numbered(1)])
    await storage.flush()
    assertEqual(completed.join(), 'relaxed,strict')
    await storage.put('key', 1)
    assertEqual(completed.join(), 'relaxed,strict,strict')
    await storage.flush()
    assertEqual(completed.length, 3, 'transactions after a flush of nothing')
  })

  it('[F49] a strict write that fails is not reported durable; the next flush makes it good', async () => {
    const roomName = freshRoomName()
    const storage = await indexedDbStorages(quiet).open(roomName)
    let failures = 0
    stub(IDBObjectStore.prototype, 'put', (put) => {
      return function (this: IDBObjectStore, value, key) {
        const request = put.call(this, value, key)
        if (this.name === 'tail' && failures++ === 0)
          request.addEventListener('success', () => this.transaction.abort())
        return request
      }
    })
    storage.append([numbered(1)])
    await assertFails(() => storage.flush(), 'storage-failed')
    assertEqual(failures, 1, 'strict writes')
    await storage.flush()
    await storage.close()
    assertEqual(await storedIn(roomName), '1')
  })
})
