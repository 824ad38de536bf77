/** The indices of one open room: loaded, added to, noted on the disk, and made again where they do not fit their segments. */
import type { DescribeEntry, Log } from '@parley/mesh'
import { type Damage, StorageError } from './api.ts'
import { type FileSystem, hasCode } from './file-system.ts'
import { type IndexRow, ROW_BYTES, readRow } from './index-rows.ts'
import { addRecord, type IndexStore } from './index-store.ts'
import type { Slice } from './log-chain.ts'
import { recordAt, recordBytesAt } from './log-records.ts'
import { type Manifest, openNumber, segmentFile } from './manifest.ts'
import { type Run, SegmentIndex } from './segment-index.ts'
import type { Position, Written } from './segment-writer.ts'
import { asStorageError, damagedError } from './storage-faults.ts'

export interface IndexParts {
  readonly fs: FileSystem
  readonly name: string
  readonly log: Log
  readonly indices: IndexStore
  readonly describe: DescribeEntry
  readonly checkpointBytes: number
  readonly damaged: (damage: Damage) => void
}

export class IndexKeeper {
  readonly #parts: IndexParts
  /** By number; of sealed segments and, last, of the open one. */
  readonly #all: SegmentIndex[] = []
  #manifest: Manifest | null = null
  /** Of the open segment, in its file. */
  #notedBytes = 0
  readonly #healing = new Map<SegmentIndex, Promise<void>>()

  constructor(parts: IndexParts) {
    this.#parts = parts
  }

  get all(): readonly SegmentIndex[] {
    return this.#all
  }

  /** One after the other, so that whoever takes them may read in those before. */
  async *load({ manifest, tail }: Position): AsyncGenerator<SegmentIndex> {
    this.#manifest = manifest
    for (let number = 1; number < openNumber(manifest); number++) {
      const known = await this.#parts.indices.sealed(manifest, number)
      yield this.#keep(known ?? (await this.#make(manifest, number)))
    }
    const open = await this.#parts.indices.open(manifest, openNumber(manifest), tail.bytes)
    this.#notedBytes = open.coveredBytes
    await this.#readOn(open, tail.bytes)
    yield this.#keep(open)
  }

  #keep(index: SegmentIndex): SegmentIndex {
    this.#all.push(index)
    return index
  }

  async #make(manifest: Manifest, number: number): Promise<SegmentIndex> {
    const { name, log } = this.#parts
    const index = new SegmentIndex(number)
    await this.#readOn(index, manifest.sealed[number - 1]?.bytes ?? 0)
    log('info', 'index-made', { room: name, segment: number, entries: index.entryCount })
    await this.#seal(manifest, index)
    return index
  }

  /** Rejects with `damaged`: the segment was whole when the room was opened, so it became that since. */
  async #readOn(index: SegmentIndex, toByte: number): Promise<void> {
    const wholeBytes = await this.#parts.indices.readOn(index, toByte, this.#parts.describe)
    if (wholeBytes !== toByte) throw this.damagedAt(index.number, wholeBytes)
  }

  /** What a commit added, and to which index. */
  async add({ manifest, atByte, bytes }: Written): Promise<{ index: SegmentIndex; grown: Set<Run> }> {
    const number = openNumber(manifest)
    const before = this.#all.at(-1)
    if (before && before.number !== number) await this.#seal(manifest, before)
    this.#manifest = manifest
    const index = before?.number === number ? before : this.#keep(new SegmentIndex(number))
    if (index !== before) this.#notedBytes = 0
    const grown = new Set<Run>()
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 0; at < bytes.length; at += recordBytesAt(view, at) ?? bytes.length) {
      const record = recordAt(bytes, view, at)
      if (!record) throw new Error('what was written is no record')
      addRecord(index, { ...record, atByte: atByte + at }, this.#parts.describe, grown)
    }
    if (index.coveredBytes - this.#notedBytes >= this.#parts.checkpointBytes) await this.note()
    return { index, grown }
  }

  /** Writes the index of the open segment as far as it is. */
  async note(): Promise<void> {
    const open = this.#all.at(-1)
    if (!open || !this.#manifest || open.coveredBytes === this.#notedBytes) return
    this.#notedBytes = open.coveredBytes
    await this.#save(this.#manifest, open)
  }

  async #seal(manifest: Manifest, index: SegmentIndex): Promise<void> {
    const rowsAtByte = await this.#save(manifest, index)
    if (rowsAtByte !== null) index.leaveRowsToFile(rowsAtByte)
  }

  /** Where its rows begin; `null` when it cannot be written: it stays in memory, and the next start makes it again. */
  async #save(manifest: Manifest, index: SegmentIndex): Promise<number | null> {
    try {
      return await this.#parts.indices.save(manifest, index)
    } catch (error) {
      const { message } = asStorageError(error, 'writing an index')
      this.#parts.log('warn', 'index-unwritten', { room: this.#parts.name, segment: index.number, message })
      return null
    }
  }

  /** Checked rows; an index that has others than were written is made again. */
  async rows(slice: Slice, seq: number, count: number): Promise<IndexRow[]> {
    const rows = await this.#rowsNow(slice, seq, count)
    if (rows) return rows
    await this.#heal(slice.index)
    const again = await this.#rowsNow(slice, seq, count)
    if (!again) throw new StorageError('io', 'rows of an index cannot be read')
    return again
  }

  async #rowsNow({ index, run }: Slice, seq: number, count: number): Promise<IndexRow[] | null> {
    let bytes: Uint8Array
    try {
      bytes = await this.#parts.indices.rows(index, run, seq - run.firstSeq, count)
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return null
      throw error
    }
    const rows = Array.from({ length: count }, (_, i) => readRow(bytes, i * ROW_BYTES))
    return rows.every((row) => row !== null) ? rows : null
  }

  /** An entry is not what its row says: throws `damaged` when its segment is, else its index was wrong and is made again. */
  async mismatch(index: SegmentIndex): Promise<void> {
    const { indices } = this.#parts
    const toByte = index.coveredBytes
    const wholeBytes = await indices.wholeBytes(index.number, toByte).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return 0
      throw error
    })
    if (wholeBytes !== toByte) throw this.damagedAt(index.number, wholeBytes)
    await this.#heal(index)
  }

  damagedAt(number: number, atByte: number): StorageError {
    const damage = { file: segmentFile(number), atByte, what: 'a record is not what was written' }
    this.#parts.damaged(damage)
    return damagedError(damage)
  }

  #heal(index: SegmentIndex): Promise<void> {
    const healing = this.#healing.get(index) ?? this.#remake(index).finally(() => this.#healing.delete(index))
    this.#healing.set(index, healing)
    return healing
  }

  /** The same runs with new rows. */
  async #remake(index: SegmentIndex): Promise<void> {
    const { name, log } = this.#parts
    const fresh = new SegmentIndex(index.number)
    while (fresh.coveredBytes < index.coveredBytes) await this.#readOn(fresh, index.coveredBytes)
    const fits = index.runs.every((run, i) => isSame(run, fresh.runs[i]))
    if (!fits || fresh.runs.length !== index.runs.length)
      throw new StorageError('io', 'an index does not fit its segment: open the room again')
    for (const [i, run] of index.runs.entries()) run.rows = (fresh.runs[i] as Run).rows
    log('warn', 'index-made-again', { room: name, segment: index.number })
    if (this.#manifest && index !== this.#all.at(-1)) await this.#seal(this.#manifest, index)
  }
}

function isSame(run: Run, other: Run | undefined): boolean {
  return (
    other !== undefined &&
    run.log === other.log &&
    run.firstSeq === other.firstSeq &&
    run.count === other.count
  )
}
