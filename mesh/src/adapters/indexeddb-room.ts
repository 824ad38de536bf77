/**
 * One room in IndexedDB. `append` writes to the tail at once and relaxed; `flush` writes what was appended since the last
 * one in one strict transaction, and folds a long tail into blocks. A batch stays in memory until it is durable, so a
 * connection that broke in between costs nothing: the batch is written again, and the fold drops doubles.
 */
import { ParleyError } from '../errors.ts'
import type { Log, Storage, StoredRoom } from '../ports.ts'
import { packEntries } from './indexeddb-blocks.ts'
import { RoomConnection } from './indexeddb-connection.ts'
import { asStorageError, type RoomDatabase } from './indexeddb-database.ts'
import {
  addToTail,
  type Batch,
  foldTail,
  keepInTail,
  putRecord,
  readRoom,
  withFoldLock,
} from './indexeddb-transactions.ts'

/** A tail of so many batches is folded: loading reads it record by record, blocks at once. */
const FOLD_BATCHES = 256

export class IndexedDbRoom implements Storage {
  readonly durability = 'disk'
  readonly #roomName: string
  readonly #connection: RoomConnection
  readonly #afterFlush: () => void
  /** Packed, in order, not durable yet; the first `#inTail` of them are in the tail. */
  #batches: Batch[] = []
  #inTail = 0
  /** Durable batches that this handle left in the tail. */
  #unfolded = 0
  #writing: Promise<void> | null = null
  /** Why the batches behind `#inTail` wait; told by the next flush, and then they are tried again. */
  #failure: ParleyError | null = null
  #lastFlush: Promise<void> = Promise.resolve()
  #closing: Promise<void> | null = null

  constructor(roomName: string, log: Log, afterFlush: () => void) {
    this.#roomName = roomName
    this.#afterFlush = afterFlush
    this.#connection = new RoomConnection(roomName, log, () => {
      this.#inTail = 0
      for (const batch of this.#batches) batch.key = null
    })
  }

  /** To be awaited before anything else. */
  async connect(): Promise<void> {
    await this.#connection.connect()
  }

  /** A damaged block is an error whose `kept` is the {@link StoredRoom} that could be read; nothing is deleted. */
  load(): Promise<StoredRoom> {
    return this.#attempt('reading the room', readRoom)
  }

  put(key: string, value: unknown): Promise<void> {
    return this.#attempt('storing a record', (db) => putRecord(db, key, value))
  }

  /** Never throws; whatever goes wrong, use after `close` included, is told by the next `flush`. */
  append(entries: readonly Uint8Array[]): void {
    if (entries.length === 0) return
    this.#batches.push({ packed: packEntries(entries), key: null })
    this.#writeOn()
  }

  async flush(): Promise<void> {
    this.#assertOpen()
    return this.#queue(() => {
      this.#tellFailure()
      return this.#flushNow()
    })
  }

  /** Tries once more to store what failed before; rejects when that is lost. The handle is closed either way. */
  close(): Promise<void> {
    this.#closing ??= this.#queue(() => {
      this.#failure = null
      return this.#flushNow(true)
    }).finally(() => this.#connection.close())
    return this.#closing
  }

  #assertOpen(): void {
    if (this.#closing !== null) throw new ParleyError('closed', 'this storage was closed')
  }

  async #attempt<T>(doing: string, run: (db: RoomDatabase) => Promise<T>): Promise<T> {
    this.#assertOpen()
    try {
      return await run(await this.#connection.connect())
    } catch (error) {
      throw asStorageError(error, doing)
    }
  }

  /** One write at a time, of all that waits: if one fails, nothing behind it is stored, and so there is no gap. */
  #writeOn(): void {
    const batches = this.#batches.slice(this.#inTail)
    if (batches.length === 0 || this.#writing !== null || this.#failure !== null) return
    const db = this.#connection.current
    if (db === null) {
      this.#failure = this.#connection.absence()
      return
    }
    this.#writing = this.#write(db, batches).finally(() => {
      this.#writing = null
      this.#writeOn()
    })
  }

  async #write(db: RoomDatabase, batches: readonly Batch[]): Promise<void> {
    try {
      await addToTail(db, batches)
      if (db === this.#connection.current) this.#inTail += batches.length
    } catch (error) {
      this.#failure = asStorageError(error, 'storing entries')
    }
  }

  /** One flush at a time; the caller hears of its failure, the next one runs all the same. */
  #queue(flush: () => Promise<void>): Promise<void> {
    const done = this.#lastFlush.then(flush)
    this.#lastFlush = done.catch(() => undefined)
    return done
  }

  async #flushNow(fold = false): Promise<void> {
    if (this.#batches.length === 0 && !(fold && this.#unfolded > 0)) return
    try {
      const db = await this.#connection.connect()
      await this.#settleWrites()
      await this.#keep(db)
      if (fold || this.#unfolded >= FOLD_BATCHES) await this.#fold(db)
    } catch (error) {
      throw asStorageError(error, 'making entries durable')
    }
    this.#afterFlush()
  }

  /** No relaxed write may be under way: batches would be written twice under two keys. */
  async #settleWrites(): Promise<void> {
    while (this.#writing !== null) await this.#writing
    this.#tellFailure()
  }

  async #keep(db: RoomDatabase): Promise<void> {
    const batches = [...this.#batches]
    if (batches.length === 0) return
    // Nothing else writes meanwhile: what is appended waits behind this.
    this.#inTail = batches.length
    try {
      await keepInTail(db, batches)
    } catch (error) {
      this.#inTail = batches.findIndex((batch) => batch.key === null)
      if (this.#inTail < 0) this.#inTail = batches.length
      throw error
    }
    if (db !== this.#connection.current) throw this.#connection.absence()
    this.#batches.splice(0, batches.length)
    this.#inTail -= batches.length
    this.#unfolded += batches.length
  }

  async #fold(db: RoomDatabase): Promise<void> {
    await withFoldLock(this.#roomName, () => foldTail(db))
    if (db !== this.#connection.current) throw this.#connection.absence()
    this.#unfolded = 0
  }

  #tellFailure(): void {
    const failure = this.#failure
    this.#failure = null
    if (failure !== null) throw failure
  }
}
