/** The transactions on one room's database, each a function; all reject with whatever the database said. */
import { ParleyError } from '../errors.ts'
import type { StoredRoom } from '../ports.ts'
import { planFold, unpackEntries } from './indexeddb-blocks.ts'
import type { RoomDatabase } from './indexeddb-database.ts'

/** Entries appended together, and where they are in the tail once they are there. */
export interface Batch {
  readonly packed: Uint8Array
  key: number | null
}

/** Resolves when the operating system has it, which is not durable yet. */
export async function addToTail(db: RoomDatabase, batches: readonly Batch[]): Promise<void> {
  await writeTail(db, batches, 'relaxed')
}

/**
 * Resolves when durable. What is in the tail already is put there again: what a strict transaction says of an earlier,
 * relaxed one is left to each browser.
 */
export async function keepInTail(db: RoomDatabase, batches: readonly Batch[]): Promise<void> {
  await writeTail(db, batches, 'strict')
}

async function writeTail(
  db: RoomDatabase,
  batches: readonly Batch[],
  durability: 'relaxed' | 'strict',
): Promise<void> {
  const transaction = db.transaction('tail', 'readwrite', { durability })
  const { store } = transaction
  const keys = batches.map(({ packed, key }) => (key === null ? store.add(packed) : store.put(packed, key)))
  await Promise.all([...keys, transaction.done])
  for (const [i, key] of (await Promise.all(keys)).entries()) {
    const batch = batches[i]
    if (batch) batch.key = key
  }
}

/** Resolves when durable. */
export async function putRecord(db: RoomDatabase, key: string, value: unknown): Promise<void> {
  const transaction = db.transaction('records', 'readwrite', { durability: 'strict' })
  await Promise.all([transaction.store.put(value, key), transaction.done])
}

/**
 * Moves the tail into the blocks. Resolves once all that was in the tail when its transaction began, whoever
 * appended it, is durable. A tab that finds its records gone from the tail finds them in the blocks: the strict
 * transaction that moved them was complete before this one could begin, for both write to the same stores.
 */
export async function foldTail(db: RoomDatabase): Promise<void> {
  const transaction = db.transaction(['tail', 'blocks'], 'readwrite', { durability: 'strict' })
  const move = async () => {
    const tail = transaction.objectStore('tail')
    const [keys, records] = await Promise.all([tail.getAllKeys(), tail.getAll()])
    const lastKey = keys.at(-1)
    if (lastKey === undefined) return
    const blocks = transaction.objectStore('blocks')
    const last = await blocks.openCursor(null, 'prev')
    const plan = planFold(last?.value, records)
    await Promise.all([
      ...plan.blocks.map((block, index) =>
        plan.replacesLast && index === 0 ? blocks.put(block, last?.primaryKey) : blocks.add(block),
      ),
      tail.delete(IDBKeyRange.upperBound(lastKey)),
    ])
  }
  await Promise.all([move(), transaction.done])
}

/**
 * One tab folds at a time, so that none reads a long tail only to be overtaken. Transactions alone keep the data
 * right; where there are no Web Locks nothing else changes.
 */
export async function withFoldLock(roomName: string, fold: () => Promise<void>): Promise<void> {
  if (navigator.locks === undefined) return fold()
  await navigator.locks.request(`parley-fold-${roomName}`, fold)
}

/**
 * Rejects with `storage-failed` when a block or tail record is damaged; `kept` of the error is then a
 * {@link StoredRoom} of all that could be read, with gaps.
 */
export async function readRoom(db: RoomDatabase): Promise<StoredRoom> {
  const transaction = db.transaction(['blocks', 'tail', 'records'])
  const records = transaction.objectStore('records')
  const [blocks, tail, keys, values] = await Promise.all([
    transaction.objectStore('blocks').getAll(),
    transaction.objectStore('tail').getAll(),
    records.getAllKeys(),
    records.getAll(),
    transaction.done,
  ])
  const packed = [...blocks, ...tail].map(unpackEntries)
  const room: StoredRoom = {
    entries: packed.flatMap((block) => block.entries),
    records: new Map(keys.map((key, index) => [key, values[index]])),
  }
  const damagedCount = packed.filter((block) => block.damaged).length
  if (damagedCount === 0) return room
  const message = `${damagedCount} of ${packed.length} stored blocks are damaged`
  throw new ParleyError('storage-failed', message, { kept: room })
}
