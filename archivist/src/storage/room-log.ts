/**
 * One open room, shared by all its handles. What is appended waits in memory; a flush writes all that waits, of every
 * handle, and syncs once. What comes meanwhile waits for the next flush. A failed write leaves everything waiting.
 */
import { type DescribeEntry, ParleyError, type StoredRoom } from '@parley/mesh'
import { StorageError } from './api.ts'
import type { DiskArchive } from './disk-archive.ts'
import type { DiskState } from './disk-state.ts'
import { PACK_BYTES } from './limits.ts'
import { LOG_KINDS, type LogRecord } from './log-records.ts'
import { type ArchiveParts, openArchive } from './open-archive.ts'
import { packEntries } from './packed-entries.ts'
import { Damaged, type IsKnown, type RoomVisitor, readSegments } from './read-room.ts'
import { Content, valuesInto } from './room-content.ts'
import type { SegmentWriter, Written } from './segment-writer.ts'
import { asStorageError, damagedError } from './storage-faults.ts'
import { decodeValue, encodeValue } from './stored-values.ts'

interface Waiting extends LogRecord {
  readonly entryCount: number
}

export interface RoomLogParts extends ArchiveParts {
  readonly disk: DiskState
  readonly writer: SegmentWriter
}

export class RoomLog {
  readonly name: string
  /** Handles that are open. */
  handleCount = 0
  readonly #parts: RoomLogParts
  readonly #folder: string
  readonly #disk: DiskState
  readonly #writer: SegmentWriter
  #waiting: Waiting[] = []
  /** Runs now; never rejects. */
  #running: Promise<unknown> = Promise.resolve()
  /** Asked for while another one runs; takes along all that is appended until it begins. */
  #nextFlush: Promise<void> | null = null
  /** Once somebody has asked for it. */
  #archive: DiskArchive | null = null
  #ended: ParleyError | null = null
  #overflowed = false

  constructor(name: string, folder: string, parts: RoomLogParts) {
    this.name = name
    this.#folder = folder
    this.#parts = parts
    this.#disk = parts.disk
    this.#writer = parts.writer
  }

  get isEnded(): boolean {
    return this.#ended !== null
  }

  /** Never throws. */
  append(entries: readonly Uint8Array[]): void {
    if (entries.length === 0) return
    for (const { payload, entryCount } of packEntries(entries))
      this.#wait({ kind: LOG_KINDS.entries, payload, entryCount })
  }

  /** A rejected put is tried again by the next flush, in its place: what was appended after it may need it. */
  async put(key: string, value: unknown): Promise<void> {
    const payload = encodeValue(key, value)
    this.#wait({ kind: LOG_KINDS.value, payload, entryCount: 0 })
    await this.flush()
  }

  flush(): Promise<void> {
    this.#nextFlush ??= this.#inTurn(() => {
      this.#nextFlush = null
      return this.#flushNow()
    })
    return this.#nextFlush
  }

  /** What is durable. */
  load(): Promise<StoredRoom> {
    return this.#inTurn(async () => {
      if (this.#ended) throw this.#ended
      const content = new Content()
      await this.#read(content)
      return content
    })
  }

  /** Values alone. */
  records(): Promise<ReadonlyMap<string, unknown>> {
    return this.#inTurn(async () => {
      if (this.#ended) throw this.#ended
      if (this.#archive) return this.#archive.values()
      const records = new Map<string, unknown>()
      await this.#read(valuesInto(records), async (manifest, number) => {
        const index = await this.#parts.indices.sealed(manifest, number)
        for (const [key, bytes] of index?.values ?? []) records.set(key, decodeValue(bytes).value)
        return index !== null
      })
      return records
    })
  }

  archive(describe: DescribeEntry): Promise<DiskArchive> {
    return this.#inTurn(async () => {
      if (this.#ended) throw this.#ended
      const { position } = this.#writer
      const room = { name: this.name, position, isOver: () => this.isEnded }
      this.#archive ??= await openArchive(this.#parts, room, describe)
      return this.#archive
    })
  }

  /** From now on everything rejects with `error`; resolves when nothing is being written any more. */
  async end(error: StorageError): Promise<void> {
    this.#ended = error
    this.#archive?.end(error)
    this.#giveUp()
    await this.#inTurn(() => this.#writer.dropFile())
  }

  /** Writes what waits. Rejects when that is lost; the files are closed either way. */
  async close(): Promise<void> {
    if (this.#ended) return
    try {
      await this.flush()
    } finally {
      // Another process may hold the folder from here on.
      this.#ended ??= new ParleyError('closed', 'this storage was closed')
      this.#archive?.end(this.#ended)
      await this.#inTurn(() => this.#closeWriter())
      this.#disk.closed(this.name)
      this.#giveUp()
    }
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#running.then(run)
    this.#running = done.catch(() => undefined)
    return done
  }

  #wait(waiting: Waiting): void {
    if (this.#ended || this.#overflowed) return
    const bytes = waiting.payload.length
    if (!this.#disk.hasPlaceFor(bytes)) {
      // Whatever comes later is dropped as well: a log with a gap is worth nothing behind it.
      this.#overflowed = true
      this.#disk.overflowed(this.name)
      return
    }
    this.#disk.waits(bytes)
    this.#waiting.push(waiting)
  }

  async #flushNow(): Promise<void> {
    if (this.#ended) throw this.#ended
    if (this.#waiting.length > 0) await this.#commit()
    if (this.#overflowed)
      throw new StorageError('overflow', 'entries were dropped while the disk failed: open the room again')
  }

  async #commit(): Promise<void> {
    const batch = this.#waiting
    this.#waiting = []
    let written: Written
    try {
      const entryCount = batch.reduce((sum, waiting) => sum + waiting.entryCount, 0)
      written = await this.#writer.write(joined(batch), entryCount)
    } catch (error) {
      this.#waiting = [...batch, ...this.#waiting]
      const failure = asStorageError(error, 'storing entries')
      this.#disk.failed(this.name, failure)
      if (this.#ended) this.#giveUp()
      throw failure
    }
    this.#disk.waitsNoMore(bytesOf(batch))
    this.#disk.wrote(this.name)
    await this.#archive?.handleWritten(written)
  }

  async #read(visitor: RoomVisitor, isKnown?: IsKnown): Promise<void> {
    const { position } = this.#writer
    if (!position) return
    const options = { openBytes: position.tail.bytes, ...(isKnown ? { isKnown } : {}) }
    try {
      await readSegments(this.#parts.fs, this.#folder, position.manifest, visitor, options)
    } catch (error) {
      if (!(error instanceof Damaged)) throw asStorageError(error, 'reading the room')
      this.#parts.damaged(error.damage)
      throw damagedError(error.damage)
    }
  }

  #giveUp(): void {
    this.#disk.waitsNoMore(bytesOf(this.#waiting))
    this.#waiting = []
  }

  async #closeWriter(): Promise<void> {
    try {
      await this.#archive?.close()
      await this.#writer.close()
    } catch {
      // Only a note that helps to tell damage: what was acknowledged is durable without it.
    }
  }
}

function bytesOf(waiting: readonly Waiting[]): number {
  return waiting.reduce((sum, { payload }) => sum + payload.length, 0)
}

/** Entries that follow each other share a log record. */
function joined(batch: readonly Waiting[]): LogRecord[] {
  const records: LogRecord[] = []
  let group: Waiting[] = []
  let groupBytes = 0
  const endGroup = () => {
    if (group.length > 0)
      records.push({ kind: LOG_KINDS.entries, payload: Buffer.concat(group.map(({ payload }) => payload)) })
    group = []
    groupBytes = 0
  }
  for (const waiting of batch) {
    const isEntries = waiting.kind === LOG_KINDS.entries
    if (!isEntries || groupBytes + waiting.payload.length > PACK_BYTES) endGroup()
    if (!isEntries) {
      records.push(waiting)
      continue
    }
    group.push(waiting)
    groupBytes += waiting.payload.length
  }
  endGroup()
  return records
}
