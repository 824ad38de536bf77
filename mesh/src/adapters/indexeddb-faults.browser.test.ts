import { executeServerCommand } from '@web/test-runner-commands'
import type { Log, Storage, Storages } from '../ports.ts'
import { assert, assertEqual } from '../testing/assert.ts'
import { afterEach, describe, it } from '../testing/mocha.ts'
import { assertFails, freshRoomName, numbered, numbersOf } from '../testing/storage-contract.ts'
import { packEntries } from './indexeddb-blocks.ts'
import { databaseName } from './indexeddb-database.ts'
import { addRaw, completed, contentOf, openRaw } from './indexeddb-raw-access.ts'
import { indexedDbStorages } from './indexeddb-storage.ts'

const quiet: Log = () => undefined
const undo: (() => void)[] = []
afterEach(() => {
  for (const restore of undo.splice(0)) restore()
})

const devtools = (method: string, params: object) => executeServerCommand('devtools', { method, params })

async function openWith(number: number): Promise<{ roomName: string; storage: Storage; lines: string[] }> {
  const lines: string[] = []
  const log: Log = (_level, event, { reason }) => {
    if (event === 'storage-connection-lost') lines.push(String(reason))
  }
  const roomName = freshRoomName()
  const storage = await indexedDbStorages(log).open(roomName)
  storage.append([numbered(number)])
  await storage.flush()
  return { roomName, storage, lines }
}

async function storedIn(roomName: string): Promise<string> {
  const storage = await indexedDbStorages(quiet).open(roomName)
  const numbers = numbersOf((await storage.load()).entries)
  await storage.close()
  return numbers
}

/** The storages of another tab: a frame that imports the adapter anew. `kill` ends it without a word. */
async function anotherTab(): Promise<{ storages: Storages; kill: () => void }> {
  const frame = document.createElement('iframe')
  const source = new URL('./indexeddb-storage.ts', import.meta.url).href
  frame.srcdoc = `<script type="module">
    import { indexedDbStorages } from '${source}'
    parent.dispatchEvent(new CustomEvent('another-tab', { detail: indexedDbStorages(() => undefined) }))
  </script>`
  const ready = new Promise<Storages>((resolve) => {
    addEventListener('another-tab', (event) => resolve((event as CustomEvent<Storages>).detail), {
      once: true,
    })
  })
  document.body.append(frame)
  undo.push(() => frame.remove())
  return { storages: await ready, kill: () => frame.remove() }
}

/** Holds the lock under which a room's tail is folded, until called. */
async function holdFoldLock(roomName: string): Promise<() => void> {
  return new Promise((held) => {
    void navigator.locks.request(
      `parley-fold-${roomName}`,
      () => new Promise<void>((release) => held(release)),
    )
  })
}

async function databaseExists(roomName: string): Promise<boolean> {
  return (await indexedDB.databases()).some(({ name }) => name === databaseName(roomName))
}

describe('IndexedDB quota', () => {
  it('[F49] without room, nothing is reported durable; with room again, nothing was lost', async () => {
    const origin = location.origin
    // Before the first write: the browser remembers for a while how much was free.
    await devtools('Storage.overrideQuotaForOrigin', { origin, quotaSize: 2_000_000 })
    const { roomName, storage } = await openWith(0)
    for (let number = 1; number <= 40; number++) storage.append([numbered(number), new Uint8Array(250_000)])
    const error = await assertFails(() => storage.flush(), 'storage-failed')
    assertEqual((error.cause as Error).name, 'QuotaExceededError', 'cause')
    await assertFails(() => storage.put('large', new Uint8Array(3_000_000)), 'storage-failed')
    await devtools('Storage.overrideQuotaForOrigin', { origin })
    await storage.flush()
    await storage.close()
    const reopened = await indexedDbStorages(quiet).open(roomName)
    const { entries, records } = await reopened.load()
    const small = entries.filter((entry) => entry.length === 12)
    assertEqual(numbersOf(small), Array.from({ length: 41 }, (_, number) => number).join(' '))
    assertEqual(records.size, 0, 'records')
    await reopened.close()
  })
})

describe('IndexedDB connection', () => {
  it('[F49] deleted by another tab: the handle lets go, fails, and makes no empty database', async () => {
    const { roomName, storage, lines } = await openWith(1)
    storage.append([numbered(2)])
    const request = indexedDB.deleteDatabase(databaseName(roomName))
    const outcome = await new Promise<string>((resolve) => {
      request.onsuccess = () => resolve('deleted')
      request.onblocked = () => resolve('blocked')
    })
    assertEqual(outcome, 'deleted')
    assertEqual(lines.join(), 'deleted')
    await assertFails(() => storage.flush(), 'storage-failed')
    await assertFails(() => storage.flush(), 'storage-failed')
    await assertFails(() => storage.load(), 'storage-failed')
    assert(!(await databaseExists(roomName)), 'an empty database was made')
  })

  it('[F49] site data cleared by the user: fails, makes no empty database', async () => {
    const { roomName, storage, lines } = await openWith(1)
    await devtools('Storage.clearDataForOrigin', { origin: location.origin, storageTypes: 'indexeddb' })
    storage.append([numbered(2)])
    await assertFails(() => storage.flush(), 'storage-failed')
    await assertFails(() => storage.flush(), 'storage-failed')
    assertEqual(lines[0], 'terminated')
    assert(!(await databaseExists(roomName)), 'an empty database was made')
  })

  it('[F49] deleted and made anew by another tab: the old handle does not write into it', async () => {
    const { roomName, storage } = await openWith(1)
    await devtools('Storage.clearDataForOrigin', { origin: location.origin, storageTypes: 'indexeddb' })
    const other = await indexedDbStorages(quiet).open(roomName)
    storage.append([numbered(2)])
    await assertFails(() => storage.flush(), 'storage-failed')
    await assertFails(() => storage.flush(), 'storage-failed')
    assertEqual((await other.load()).entries.length, 0, 'entries')
    await other.close()
  })

  /** What Chromium does when its storage process dies; `loses` is what was not on disk yet. */
  async function terminate(
    roomName: string,
    connection: IDBDatabase,
    loses: 'nothing' | 'tail',
  ): Promise<void> {
    // Read behind the write in question: it is complete by then.
    assertEqual((await contentOf(roomName, 'tail')).length, 1, 'tail records')
    connection.close()
    if (loses === 'tail') {
      const db = await openRaw(roomName)
      await completed(db.transaction('tail', 'readwrite').objectStore('tail').clear())
      db.close()
    }
    connection.dispatchEvent(new Event('close'))
  }

  for (const loses of ['nothing', 'tail'] as const) {
    it(`[F49] ended by the browser, which loses ${loses}: opened again, complete, no doubles`, async () => {
      const roomName = freshRoomName()
      const start = IDBDatabase.prototype.transaction
      const restore = () => {
        IDBDatabase.prototype.transaction = start
      }
      undo.push(restore)
      let connection: IDBDatabase | null = null
      IDBDatabase.prototype.transaction = function (stores, mode, options) {
        connection = this
        return start.call(this, stores, mode, options)
      }
      const storage = await indexedDbStorages(quiet).open(roomName)
      storage.append([numbered(1)])
      restore()
      await terminate(roomName, connection as unknown as IDBDatabase, loses)
      storage.append([numbered(2)])
      await assertFails(() => storage.flush(), 'storage-failed')
      await storage.flush()
      await storage.close()
      assertEqual(await storedIn(roomName), '1 2')
    })
  }

  it('[F49] a newer version in another tab: lets it in, fails, and what was flushed is there', async () => {
    const { roomName, storage, lines } = await openWith(1)
    const newer = await openRaw(roomName, 2)
    assertEqual(lines.join(), 'newer-version')
    storage.append([numbered(2)])
    await assertFails(() => storage.flush(), 'storage-failed')
    await assertFails(() => storage.flush(), 'storage-failed')
    await assertFails(() => indexedDbStorages(quiet).open(roomName), 'storage-failed')
    const request = newer.transaction('tail').objectStore('tail').getAll()
    await completed(request)
    assertEqual(String(request.result), String(packEntries([numbered(1)])), 'tail')
    newer.close()
  })

  it('[F49] removing a room that a tab does not let go is refused in words', async () => {
    const { roomName, storage } = await openWith(1)
    await storage.close()
    const stubborn = await openRaw(roomName)
    const error = await assertFails(() => indexedDbStorages(quiet).remove(roomName), 'storage-failed')
    assert(error.message.includes('another tab'), error.message)
    stubborn.close()
  })

  it('[F49] a browser without IndexedDB is unsupported', async () => {
    const original = Object.getOwnPropertyDescriptor(globalThis, 'indexedDB') as PropertyDescriptor
    Object.defineProperty(globalThis, 'indexedDB', { value: undefined, configurable: true })
    undo.push(() => Object.defineProperty(globalThis, 'indexedDB', original))
    await assertFails(() => indexedDbStorages(quiet).open(freshRoomName()), 'unsupported')
  })
})

describe('IndexedDB damage', () => {
  it('[F49] is told by load with all that could be read, and survives the next flush', async () => {
    const { roomName, storage } = await openWith(1)
    const cut = packEntries([numbered(2), numbered(3)]).subarray(0, 20)
    await addRaw(roomName, 'tail', cut)
    storage.append([numbered(4)])
    for (const place of ['in the tail', 'in the blocks']) {
      const error = await assertFails(() => storage.load(), 'storage-failed')
      const kept = error.kept as Awaited<ReturnType<Storage['load']>>
      assertEqual(numbersOf(kept.entries), '1 2 4', place)
      await storage.flush()
    }
    await storage.close()
    assertEqual((await contentOf(roomName, 'blocks')).length, 3, 'blocks')
  })
})

describe('IndexedDB with two tabs', () => {
  it('[F49] what both stored is kept once, what one stored is kept', async () => {
    const { roomName, storage } = await openWith(1)
    const tab = await anotherTab()
    const other = await tab.storages.open(roomName)
    storage.append([numbered(2), numbered(3)])
    other.append([numbered(2), numbered(4), numbered(3)])
    await Promise.all([storage.flush(), other.flush()])
    other.append([numbered(1), numbered(5)])
    await other.flush()
    await Promise.all([storage.close(), other.close()])
    assertEqual((await storedIn(roomName)).split(' ').sort().join(), '1,2,3,4,5')
  })

  it('[F49] a flush whose entries another tab folded is durable as well', async () => {
    const { roomName, storage } = await openWith(1)
    const other = await (await anotherTab()).storages.open(roomName)
    const release = await holdFoldLock(roomName)
    storage.append([numbered(2)])
    const flushes = [other.flush(), storage.flush()]
    other.append([numbered(3)])
    flushes.push(other.flush())
    release()
    await Promise.all(flushes)
    await Promise.all([storage.close(), other.close()])
    assertEqual((await storedIn(roomName)).split(' ').sort().join(), '1,2,3')
    assertEqual((await contentOf(roomName, 'tail')).length, 0, 'tail records')
  })

  it('[F49] a tab killed before its flush: never reported durable, the tail is loaded and folded later', async () => {
    const { roomName, storage } = await openWith(1)
    const tab = await anotherTab()
    const other = await tab.storages.open(roomName)
    const release = await holdFoldLock(roomName)
    let told = 'nothing'
    other.append([numbered(2)])
    other.flush().then(
      () => {
        told = 'durable'
      },
      () => {
        told = 'failed'
      },
    )
    // A record behind it in the same store: once it is stored, so is the other tab's.
    await addRaw(roomName, 'tail', packEntries([numbered(3)]))
    tab.kill()
    assertEqual(numbersOf((await storage.load()).entries), '1 2 3')
    assertEqual(told, 'nothing')
    release()
    storage.append([numbered(4)])
    await storage.flush()
    await storage.close()
    assertEqual(told, 'nothing')
    assertEqual(await storedIn(roomName), '1 2 3 4')
  })
})
