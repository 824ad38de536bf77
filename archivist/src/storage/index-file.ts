/**
 * The file beside a segment that says what lies in it:
 *
 *     crc32(4) ‖ length(4) ‖ head(length) ‖ rows      little endian; the checksum covers the length and the head
 *
 * It can be made again from the segment at any time, so whatever is wrong with it only costs that. Layout of the head:
 * docs/archivist-storage.md.
 */
import { crc32 } from 'node:zlib'
import { ByteReader, ByteWriter, MalformedError } from '@parley/protocol'
import { GrowingRows, ROW_BYTES } from './index-rows.ts'
import { INDEX_HEAD_BYTES, KEY_BYTES, LOG_NAME_BYTES, VALUE_BYTES } from './limits.ts'
import type { Manifest } from './manifest.ts'
import { type Run, SegmentIndex } from './segment-index.ts'

const FORMAT = 'parley/index/v1'
export const INDEX_PREFIX_BYTES = 8
const HASH_BYTES = 32

export function indexFile(number: number): string {
  return `index-${String(number).padStart(8, '0')}`
}

export function isIndexFile(name: string): boolean {
  return name.startsWith('index-')
}

/** All of it; rows have to be in memory. */
export function encodeIndex(index: SegmentIndex, { room, made }: Manifest): Uint8Array {
  const { number, coveredBytes, lastRecord, entryCount, values, runs } = index
  const writer = new ByteWriter().text(FORMAT).text(room).text(made).varUint(number)
  writer.varUint(coveredBytes).varUint(lastRecord.atByte).varUint(lastRecord.checksum).varUint(entryCount)
  writer.varUint(values.size)
  for (const [key, value] of values) writer.text(key).bytes(value)
  writer.varUint(runs.length)
  for (const run of runs) writeRun(writer, run)
  const head = writer.done()
  const prefix = new Uint8Array(INDEX_PREFIX_BYTES)
  const view = new DataView(prefix.buffer)
  view.setUint32(4, head.length, true)
  view.setUint32(0, crc32(head, crc32(prefix.subarray(4))), true)
  return Buffer.concat([prefix, head, ...runs.map(({ rows }) => (rows as GrowingRows).bytes)])
}

function writeRun(writer: ByteWriter, { log, firstSeq, count, byteCount, timeMs, prev, hash }: Run): void {
  writer.text(log).varUint(firstSeq).varUint(count).varUint(byteCount).varUint(timeMs).fixed(prev).fixed(hash)
}

/** Of the head, from the first bytes of the file; `null` for what is none. */
export function headLengthOf(prefix: Uint8Array): number | null {
  if (prefix.length < INDEX_PREFIX_BYTES) return null
  const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(4, true)
  return length <= INDEX_HEAD_BYTES ? length : null
}

/** `bytes`: prefix and head. `null` for what is not the index of this segment of this room. */
export function decodeIndexHead(bytes: Uint8Array, manifest: Manifest, number: number): SegmentIndex | null {
  const length = headLengthOf(bytes)
  if (length === null || bytes.length < INDEX_PREFIX_BYTES + length) return null
  const covered = bytes.subarray(4, INDEX_PREFIX_BYTES + length)
  if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) !== crc32(covered)) return null
  try {
    return readHead(covered.subarray(4), manifest, number)
  } catch (error) {
    if (error instanceof MalformedError) return null
    throw error
  }
}

function readHead(head: Uint8Array, { room, made }: Manifest, number: number): SegmentIndex | null {
  const reader = new ByteReader(head)
  const isOurs = [FORMAT, room, made].every((text) => reader.text(KEY_BYTES) === text)
  if (!isOurs || reader.varUint() !== number) return null
  const index = new SegmentIndex(number)
  index.coveredBytes = reader.varUint()
  index.lastRecord = { atByte: reader.varUint(), checksum: reader.varUint() }
  index.entryCount = reader.varUint()
  for (let left = reader.varUint(); left > 0; left--)
    index.values.set(reader.text(KEY_BYTES), reader.bytes(VALUE_BYTES).slice())
  for (let left = reader.varUint(); left > 0; left--) index.restoreRun(readRun(reader))
  reader.end()
  index.leaveRowsToFile(INDEX_PREFIX_BYTES + head.length)
  return index
}

function readRun(reader: ByteReader): Run {
  return {
    log: reader.text(LOG_NAME_BYTES),
    firstSeq: reader.varUint(),
    count: reader.varUint(),
    byteCount: reader.varUint(),
    timeMs: reader.varUint(),
    prev: reader.fixed(HASH_BYTES).slice(),
    hash: reader.fixed(HASH_BYTES).slice(),
    rows: null,
    atRow: 0,
  }
}

/** Size of the whole file. */
export function indexFileBytes({ rowsAtByte, runs }: SegmentIndex): number {
  return rowsAtByte + runs.reduce((sum, { count }) => sum + count, 0) * ROW_BYTES
}

/** The rows of a file, taken into memory: entries are added to this index. */
export function takeRows(index: SegmentIndex, rows: Uint8Array): SegmentIndex {
  const taken = new SegmentIndex(index.number)
  const { values, entryCount, coveredBytes, lastRecord } = index
  for (const [key, value] of values) taken.values.set(key, value)
  Object.assign(taken, { entryCount, coveredBytes, lastRecord })
  for (const run of index.runs) {
    const growing = new GrowingRows()
    growing.addAll(rows.subarray(run.atRow * ROW_BYTES, (run.atRow + run.count) * ROW_BYTES))
    taken.restoreRun({ ...run, rows: growing })
  }
  return taken
}
