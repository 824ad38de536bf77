/**
 * What an index says of one entry, in rows of one size:
 *
 *     crc32(4) ‖ crc32 of the entry's bytes(4) ‖ offset(4) ‖ length(4) ‖ timeMs(8, float) ‖ hash(32)      little endian
 *
 * The first checksum covers the rest of the row. Offsets are those of the entry's bytes in its segment. Pure.
 */
import { crc32 } from 'node:zlib'
import type { EntryFacts } from '@parley/mesh'

export const ROW_BYTES = 56
const HASH_AT = 24
const HASH_BYTES = 32

/** Where an entry lies in its segment, and what its bytes' checksum is. */
export interface EntryPlace {
  readonly offset: number
  readonly length: number
  readonly checksum: number
}

export type IndexRow = EntryPlace & Pick<EntryFacts, 'hash' | 'timeMs'>

export function writeRow(rows: Uint8Array, at: number, row: IndexRow): void {
  const view = new DataView(rows.buffer, rows.byteOffset + at, ROW_BYTES)
  view.setUint32(4, row.checksum, true)
  view.setUint32(8, row.offset, true)
  view.setUint32(12, row.length, true)
  view.setFloat64(16, row.timeMs, true)
  rows.set(row.hash, at + HASH_AT)
  view.setUint32(0, crc32(rows.subarray(at + 4, at + ROW_BYTES)), true)
}

/** `null` for a row that is not what was written. The hash is a copy. */
export function readRow(rows: Uint8Array, at: number): IndexRow | null {
  if (at + ROW_BYTES > rows.length) return null
  const view = new DataView(rows.buffer, rows.byteOffset + at, ROW_BYTES)
  if (view.getUint32(0, true) !== crc32(rows.subarray(at + 4, at + ROW_BYTES))) return null
  return {
    checksum: view.getUint32(4, true),
    offset: view.getUint32(8, true),
    length: view.getUint32(12, true),
    timeMs: view.getFloat64(16, true),
    hash: rows.slice(at + HASH_AT, at + HASH_AT + HASH_BYTES),
  }
}

/** Rows that are added to, in one piece of memory. */
export class GrowingRows {
  #bytes = new Uint8Array(ROW_BYTES * 2)
  #count = 0

  /** Views stay as they are: rows are only added. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#count * ROW_BYTES)
  }

  add(row: IndexRow): void {
    const at = this.#count * ROW_BYTES
    if (at === this.#bytes.length) {
      const grown = new Uint8Array(at * 2)
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    writeRow(this.#bytes, at, row)
    this.#count++
  }

  addAll(rows: Uint8Array): void {
    if (this.#count > 0) throw new RangeError('only where nothing was added')
    this.#bytes = rows.slice()
    this.#count = rows.length / ROW_BYTES
  }
}
