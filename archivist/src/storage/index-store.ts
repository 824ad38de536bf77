/** Indices of one room on the disk. What is wrong with one is no damage to the room: it is made again from its segment. */
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { DescribeEntry } from '@parley/mesh'
import { type FileSystem, hasCode } from './file-system.ts'
import {
  decodeIndexHead,
  encodeIndex,
  headLengthOf,
  INDEX_PREFIX_BYTES,
  indexFile,
  indexFileBytes,
  takeRows,
} from './index-file.ts'
import { ROW_BYTES } from './index-rows.ts'
import { LOG_KINDS, PREFIX_BYTES, type ScannedRecord } from './log-records.ts'
import { type Manifest, segmentFile } from './manifest.ts'
import { unpackEntries } from './packed-entries.ts'
import { replaceFile } from './replace-file.ts'
import { scanFile } from './scan-file.ts'
import { type Run, SegmentIndex } from './segment-index.ts'
import { decodeValue } from './stored-values.ts'

/** Of an index's file, read first: enough for the head of most. */
const HEAD_READ_BYTES = 64 * 1024

type Sizes = ReadonlyMap<string, number>

export class IndexStore {
  readonly #fs: FileSystem
  readonly folder: string
  readonly #sealed = new Map<number, SegmentIndex>()
  /** Sizes of files, as they were first looked at: a room of thousands of segments is listed once. */
  #sizes: Promise<Sizes> | null = null

  constructor(fs: FileSystem, folder: string) {
    this.#fs = fs
    this.folder = folder
  }

  segmentPath(number: number): string {
    return join(this.folder, segmentFile(number))
  }

  /** Of a sealed segment; `null` when there is none that fits it as the manifest and its last record say it is. */
  async sealed(manifest: Manifest, number: number): Promise<SegmentIndex | null> {
    const known = this.#sealed.get(number)
    if (known) return known
    const facts = manifest.sealed[number - 1]
    this.#sizes ??= this.#listSizes()
    const sizes = await this.#sizes
    const index = facts && (await this.#load(manifest, number, sizes))
    const fits = index && index.coveredBytes === facts.bytes && index.entryCount === facts.entryCount
    if (!fits || sizes.get(segmentFile(number)) !== facts.bytes) return null
    this.#sealed.set(number, index)
    return index
  }

  /** Of the segment that is written to, ready to be added to: empty when nothing of worth was noted. */
  async open(manifest: Manifest, number: number, toByte: number): Promise<SegmentIndex> {
    const index = await this.#load(manifest, number, await this.#listSizes())
    if (!index || index.coveredBytes > toByte) return new SegmentIndex(number)
    const rows = await this.#fs.read(this.#indexPath(number), index.rowsAtByte)
    return takeRows(index, rows)
  }

  /** Returns where rows begin in the file. Rejects as the disk does. */
  async save(manifest: Manifest, index: SegmentIndex): Promise<number> {
    const bytes = encodeIndex(index, manifest)
    await replaceFile(this.#fs, this.folder, indexFile(index.number), bytes)
    return INDEX_PREFIX_BYTES + (headLengthOf(bytes) ?? 0)
  }

  /** Rows of a run as bytes, fewer where the file ends; none of them checked. */
  async rows(index: SegmentIndex, run: Run, from: number, count: number): Promise<Uint8Array> {
    if (run.rows) return run.rows.bytes.subarray(from * ROW_BYTES, (from + count) * ROW_BYTES)
    const at = index.rowsAtByte + (run.atRow + from) * ROW_BYTES
    return this.#fs.read(this.#indexPath(index.number), at, count * ROW_BYTES)
  }

  /** Adds what the segment has beyond `index`, up to `toByte`. Returns where whole records end. */
  async readOn(index: SegmentIndex, toByte: number, describe: DescribeEntry): Promise<number> {
    return scanFile({
      fs: this.#fs,
      path: this.segmentPath(index.number),
      fromByte: index.coveredBytes,
      toByte,
      visit: (record) => addRecord(index, record, describe),
    })
  }

  /** How far the records of a segment are whole, up to `toByte`. */
  wholeBytes(number: number, toByte: number, pause?: () => Promise<boolean>): Promise<number> {
    const path = this.segmentPath(number)
    return scanFile({
      fs: this.#fs,
      path,
      fromByte: 0,
      toByte,
      visit: () => undefined,
      ...(pause ? { pause } : {}),
    })
  }

  #indexPath(number: number): string {
    return join(this.folder, indexFile(number))
  }

  async #load(manifest: Manifest, number: number, sizes: Sizes): Promise<SegmentIndex | null> {
    try {
      const index = await this.#readHead(manifest, number)
      const fits = index && (await this.#isOfSegment(index))
      return fits && sizes.get(indexFile(number)) === indexFileBytes(index) ? index : null
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return null
      throw error
    }
  }

  async #readHead(manifest: Manifest, number: number): Promise<SegmentIndex | null> {
    const path = this.#indexPath(number)
    const first = await this.#fs.read(path, 0, HEAD_READ_BYTES)
    const length = headLengthOf(first)
    if (length === null) return null
    const bytes = INDEX_PREFIX_BYTES + length
    return decodeIndexHead(
      bytes > first.length ? await this.#fs.read(path, 0, bytes) : first,
      manifest,
      number,
    )
  }

  /** Commits before the last one never change: the last record that the index knows stands for all. */
  async #isOfSegment({ number, lastRecord, coveredBytes }: SegmentIndex): Promise<boolean> {
    if (coveredBytes === 0) return true
    const bytes = await this.#fs.read(this.segmentPath(number), lastRecord.atByte, 4)
    return bytes.length === 4 && Buffer.from(bytes).readUInt32LE() === lastRecord.checksum
  }

  async #listSizes(): Promise<Sizes> {
    const files = await this.#fs.list(this.folder)
    return new Map(files.map(({ name, sizeBytes }) => [name, sizeBytes]))
  }
}

/** Runs that grew are added to `grown`. What is no entry is counted and nothing more. */
export function addRecord(
  index: SegmentIndex,
  { kind, payload, atByte, checksum }: ScannedRecord,
  describe: DescribeEntry,
  grown?: Set<Run>,
): void {
  const payloadAt = atByte + PREFIX_BYTES
  if (kind === LOG_KINDS.value) index.values.set(decodeValue(payload).key, payload.slice())
  if (kind === LOG_KINDS.entries) {
    unpackEntries(payload, (entry, at) => {
      index.entryCount++
      const facts = describe(entry)
      const place = { offset: payloadAt + at, length: entry.length, checksum: crc32(entry) }
      const run = facts && index.add(facts, place)
      if (run) grown?.add(run)
    })
  }
  index.coveredBytes = payloadAt + payload.length
  index.lastRecord = { atByte, checksum }
}
