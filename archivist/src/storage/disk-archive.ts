/**
 * A room's entries where they lie. In memory: stretches of logs, and the rows of the segment that is written to; everything else
 * is read when it is asked for. Rules: docs/spec.md, DS.
 */
import type { EntryArchive, EntryFacts, StoredLog, StoredRange } from '@parley/mesh'
import { hasCode } from './file-system.ts'
import { IndexKeeper, type IndexParts } from './index-keeper.ts'
import type { IndexRow } from './index-rows.ts'
import { isWhole, LogChain, type Slice } from './log-chain.ts'
import { type RangeSource, readSlices } from './read-ranges.ts'
import type { Run, SegmentIndex } from './segment-index.ts'
import type { Position, Written } from './segment-writer.ts'
import { asStorageError } from './storage-faults.ts'
import { decodeValue } from './stored-values.ts'

export class DiskArchive implements EntryArchive {
  readonly #parts: IndexParts
  readonly #keeper: IndexKeeper
  readonly #chains = new Map<string, LogChain>()
  #ended: Error | null = null

  private constructor(parts: IndexParts, keeper: IndexKeeper) {
    this.#parts = parts
    this.#keeper = keeper
  }

  /** Makes indices that are missing. Rejects as the disk does, or with `damaged`. */
  static async open(parts: IndexParts, position: Position | null): Promise<DiskArchive> {
    const keeper = new IndexKeeper(parts)
    const archive = new DiskArchive(parts, keeper)
    if (position) for await (const index of keeper.load(position)) await archive.#takeAll(index, index.runs)
    return archive
  }

  async *logs(): AsyncGenerator<StoredLog, void, undefined> {
    for (const [log, chain] of this.#chains) {
      const { seq, byteCount, last } = chain
      if (!last) continue
      const { hash, timeMs } = isWhole(last) ? last.run : await this.#guarded(() => this.#row(last, seq))
      yield { log, seq, hash, timeMs, byteCount }
    }
  }

  /** Stored values of all segments that are known. */
  values(): Map<string, unknown> {
    const values = new Map<string, unknown>()
    for (const index of this.#keeper.all) {
      for (const [key, bytes] of index.values) values.set(key, decodeValue(bytes).value)
    }
    return values
  }

  async facts(log: string, seq: number): Promise<Pick<EntryFacts, 'hash' | 'timeMs'> | null> {
    const slice = this.#chains.get(log)?.sliceOf(seq)
    if (!slice) return null
    const row = await this.#guarded(() => this.#row(slice, seq))
    return { hash: row.hash, timeMs: row.timeMs }
  }

  async *read(ranges: readonly StoredRange[]): AsyncGenerator<Uint8Array, void, undefined> {
    const slices = ranges.flatMap(({ log, from, to }) => this.#chains.get(log)?.slicesOf(from, to) ?? [])
    const entries = readSlices(this.#source, slices)
    for (;;) {
      const next = await this.#guarded(() => entries.next())
      if (next.done) return
      yield next.value
    }
  }

  giveUp(log: string, seq: number): void {
    this.#chains.get(log)?.cut(seq - 1)
  }

  /** A commit is durable. Where the disk cannot say what it replaces, nothing is handed out until the room is opened again. */
  async handleWritten(written: Written): Promise<void> {
    try {
      const { index, grown } = await this.#keeper.add(written)
      await this.#takeAll(index, grown)
    } catch (error) {
      const { name, log } = this.#parts
      this.#ended ??= asStorageError(error, 'indexing entries')
      log('error', 'index-lost', { room: name, message: String(error) })
    }
  }

  /** Notes what is known of the open segment. */
  close(): Promise<void> {
    return this.#keeper.note()
  }

  /** From now on everything rejects with `error`. */
  end(error: Error): void {
    this.#ended = error
  }

  async #takeAll(index: SegmentIndex, runs: Iterable<Run>): Promise<void> {
    for (const run of runs) {
      const chain = this.#chains.get(run.log) ?? new LogChain()
      this.#chains.set(run.log, chain)
      await chain.take(index, run, (slice, seq) => this.#row(slice, seq))
    }
  }

  async #row(slice: Slice, seq: number): Promise<IndexRow> {
    const [row] = await this.#keeper.rows(slice, seq, 1)
    return row as IndexRow
  }

  readonly #source: RangeSource = {
    segment: async (number, fromByte, length) => {
      try {
        return await this.#parts.fs.read(this.#parts.indices.segmentPath(number), fromByte, length)
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return new Uint8Array()
        throw error
      }
    },
    rows: (slice, seq, count) => this.#keeper.rows(slice, seq, count),
    mismatch: (index) => this.#keeper.mismatch(index),
  }

  async #guarded<T>(run: () => Promise<T>): Promise<T> {
    try {
      if (!this.#ended) return await run()
    } catch (error) {
      if (!this.#ended) throw asStorageError(error, 'reading entries')
    }
    throw this.#ended
  }
}
