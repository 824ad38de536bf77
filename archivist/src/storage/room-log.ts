/**
 * One open room, shared by all its handles. What is appended waits in memory; a flush writes all that waits, of every
 * handle, and syncs once. What comes meanwhile waits for the next flush. A failed write leaves everything waiting.
 */
import { ParleyError, type StoredRoom } from '@parley/mesh'
import { StorageError } from './api.ts'
import type { DiskState } from './disk-state.ts'
import type { FileSystem } from './file-system.ts'
import { PACK_BYTES } from './limits.ts'
import { LOG_KINDS, type LogRecord } from './log-records.ts'
import { packEntries } from './packed-entries.ts'
import { readSegments } from './read-room.ts'
import type { SegmentWriter } from './segment-writer.ts'
import { asStorageError } from './storage-faults.ts'
import { encodeValue } from './stored-values.ts'

interface Waiting extends LogRecord {
  readonly entryCount: number
}

/** What was read of a room, ready to be handed out. */
export class Content implements StoredRoom {
  readonly entries: Uint8Array[] = []
  readonly records = new Map<string, unknown>()

  entry(bytes: Uint8Array): void {
    this.entries.push(bytes)
  }

  value(key: string, value: unknown): void {
    this.records.set(key, value)
  }
}

export class RoomLog {
  readonly name: string
  /** Handles that are open. */
  handleCount = 0
  readonly #fs: FileSystem
  readonly #folder: string
  readonly #disk: DiskState
  readonly #writer: SegmentWriter
  #waiting: Waiting[] = []
  /** Runs now; never rejects. */
  #running: Promise<unknown> = Promise.resolve()
  /** Asked for while another one runs; takes along all that is appended until it begins. */
  #nextFlush: Promise<void> | null = null
  /** From the opening, for the first `load`: a large room is read once. */
  #content: Content | null
  #ended: ParleyError | null = null
  #overflowed = false

  constructor(
    name: string,
    folder: string,
    parts: { readonly fs: FileSystem; readonly disk: DiskState; readonly writer: SegmentWriter },
    content: Content,
  ) {
    this.name = name
    this.#folder = folder
    this.#fs = parts.fs
    this.#disk = parts.disk
    this.#writer = parts.writer
    this.#content = content
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
      const content = this.#content ?? (await this.#read())
      this.#content = null
      return content
    })
  }

  /** From now on everything rejects with `error`; resolves when nothing is being written any more. */
  async end(error: StorageError): Promise<void> {
    this.#ended = error
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
    try {
      const entryCount = batch.reduce((sum, waiting) => sum + waiting.entryCount, 0)
      await this.#writer.write(joined(batch), entryCount)
    } catch (error) {
      this.#waiting = [...batch, ...this.#waiting]
      const failure = asStorageError(error, 'storing entries')
      this.#disk.failed(this.name, failure)
      if (this.#ended) this.#giveUp()
      throw failure
    }
    this.#content = null
    this.#disk.waitsNoMore(bytesOf(batch))
    this.#disk.wrote(this.name)
  }

  async #read(): Promise<Content> {
    const content = new Content()
    const { position } = this.#writer
    if (!position) return content
    try {
      await readSegments(this.#fs, this.#folder, position.manifest, content, position.tail.bytes)
    } catch (error) {
      throw asStorageError(error, 'reading the room')
    }
    return content
  }

  #giveUp(): void {
    this.#disk.waitsNoMore(bytesOf(this.#waiting))
    this.#waiting = []
  }

  async #closeWriter(): Promise<void> {
    try {
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
