/** Entries of some logs, in the order of storing: one piece of a segment and some rows of its index in memory at a time. */
import { crc32 } from 'node:zlib'
import type { EntryPlace, IndexRow } from './index-rows.ts'
import { READ_BYTES, READ_GAP_BYTES, READ_ROWS } from './limits.ts'
import type { Slice } from './log-chain.ts'
import type { SegmentIndex } from './segment-index.ts'

export interface RangeSource {
  /** Bytes of a segment, fewer where it ends or is not there. */
  segment(number: number, fromByte: number, length: number): Promise<Uint8Array>
  /** Checked rows of a slice from `seq` on: `count` of them. */
  rows(slice: Slice, seq: number, count: number): Promise<readonly IndexRow[]>
  /** The entry there is not what was stored: throws, or resolves when reading again is worth it. */
  mismatch(index: SegmentIndex): Promise<void>
}

/** Rows of one slice, some at a time. */
class RowCursor {
  readonly #source: RangeSource
  readonly #slice: Slice
  readonly #atOnce: number
  #seq: number
  #rows: readonly IndexRow[] = []
  #next = 0

  constructor(source: RangeSource, slice: Slice, atOnce: number) {
    this.#source = source
    this.#slice = slice
    this.#atOnce = atOnce
    this.#seq = slice.from
  }

  /** `null` at the end. */
  async peek(): Promise<IndexRow | null> {
    if (this.#next < this.#rows.length) return this.#rows[this.#next] as IndexRow
    const count = Math.min(this.#atOnce, this.#slice.to - this.#seq + 1)
    if (count <= 0) return null
    this.#rows = await this.#source.rows(this.#slice, this.#seq, count)
    this.#next = 0
    this.#seq += count
    return this.#rows[0] ?? null
  }

  /** After a `peek`. */
  takeBelow(offset: number, into: EntryPlace[]): void {
    for (; this.#next < this.#rows.length; this.#next++) {
      const row = this.#rows[this.#next] as IndexRow
      if (row.offset >= offset) return
      into.push(row)
    }
  }
}

/** `slices`: of any logs and segments. Bytes are views that stay as they are. */
export async function* readSlices(
  source: RangeSource,
  slices: readonly Slice[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const bySegment = new Map<SegmentIndex, Slice[]>()
  for (const slice of [...slices].sort((a, b) => a.index.number - b.index.number)) {
    const list = bySegment.get(slice.index)
    if (list) list.push(slice)
    else bySegment.set(slice.index, [slice])
  }
  for (const [index, ofSegment] of bySegment) yield* readSegment(source, index, ofSegment)
}

async function* readSegment(source: RangeSource, index: SegmentIndex, slices: readonly Slice[]) {
  const atOnce = Math.max(8, Math.min(512, Math.floor(READ_ROWS / slices.length)))
  let cursors = slices.map((slice) => new RowCursor(source, slice, atOnce))
  while (cursors.length > 0) {
    const firsts = await Promise.all(cursors.map((cursor) => cursor.peek()))
    cursors = cursors.filter((_, i) => firsts[i] !== null)
    const from = Math.min(...firsts.map((row) => row?.offset ?? Number.POSITIVE_INFINITY))
    const places: EntryPlace[] = []
    for (const cursor of cursors) await takeBelow(cursor, from + READ_BYTES, places)
    places.sort((a, b) => a.offset - b.offset)
    for (const near of grouped(places)) yield* readNear(source, index, near)
  }
}

async function takeBelow(cursor: RowCursor, offset: number, into: EntryPlace[]): Promise<void> {
  for (let row = await cursor.peek(); row && row.offset < offset; row = await cursor.peek())
    cursor.takeBelow(offset, into)
}

/** Places that are read at once. */
function* grouped(places: readonly EntryPlace[]): Generator<readonly EntryPlace[]> {
  let group: EntryPlace[] = []
  let end = 0
  for (const place of places) {
    if (group.length > 0 && place.offset > end + READ_GAP_BYTES) {
      yield group
      group = []
    }
    group.push(place)
    end = place.offset + place.length
  }
  if (group.length > 0) yield group
}

async function* readNear(source: RangeSource, index: SegmentIndex, places: readonly EntryPlace[]) {
  const from = (places[0] as EntryPlace).offset
  const last = places.at(-1) as EntryPlace
  const length = last.offset + last.length - from
  const read = () => source.segment(index.number, from, length)
  let bytes = await read()
  for (const place of places) {
    let entry = entryIn(bytes, from, place)
    if (!entry) {
      await source.mismatch(index)
      bytes = await read()
      entry = entryIn(bytes, from, place)
    }
    if (!entry) throw new Error('an entry and its index do not fit together')
    yield entry
  }
}

function entryIn(
  bytes: Uint8Array,
  from: number,
  { offset, length, checksum }: EntryPlace,
): Uint8Array | null {
  const entry = bytes.subarray(offset - from, offset - from + length)
  return entry.length === length && crc32(entry) === checksum ? entry : null
}
