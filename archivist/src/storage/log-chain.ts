/**
 * Which entries make up a log, of all that were stored for it. Usually all: only where a log was given up from some place on, or
 * stored twice, two runs speak of one place. Then hashes decide whether they are the same, and of different ones the last counts.
 */
import type { IndexRow } from './index-rows.ts'
import { isEqual, type Run, type SegmentIndex } from './segment-index.ts'

/** Entries `from` to `to` of a log are in this run. */
export interface Slice {
  readonly index: SegmentIndex
  readonly run: Run
  readonly from: number
  to: number
}

export type ReadRow = (slice: Slice, seq: number) => Promise<IndexRow>

const NO_HASH = new Uint8Array(32)

export class LogChain {
  readonly slices: Slice[] = []

  get seq(): number {
    return this.last?.to ?? 0
  }

  get last(): Slice | undefined {
    return this.slices.at(-1)
  }

  sliceOf(seq: number): Slice | undefined {
    if (seq < 1 || seq > this.seq) return undefined
    let [low, high] = [0, this.slices.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.slices[middle] as Slice).to < seq) low = middle + 1
      else high = middle
    }
    return this.slices[low]
  }

  /** Of its entries; a run that is held in part counts in proportion. */
  get byteCount(): number {
    return this.slices.reduce((sum, { run, from, to }) => sum + shareOf(run, to - from + 1), 0)
  }

  slicesOf(from: number, to: number): Slice[] {
    const within = this.slices.map((slice) => ({
      ...slice,
      from: Math.max(slice.from, from),
      to: Math.min(slice.to, to),
    }))
    return within.filter((slice) => slice.from <= slice.to)
  }

  /** A run has come, or grown. */
  async take(index: SegmentIndex, run: Run, readRow: ReadRow): Promise<void> {
    const { last } = this
    const lastSeq = run.firstSeq + run.count - 1
    if (last?.run === run) {
      // It may have been taken in part only: what is said of its beginning was said then.
      last.to = lastSeq
      return
    }
    if (run.firstSeq > this.seq + 1) return
    const isNew = run.firstSeq === this.seq + 1
    const slice = { index, run, from: run.firstSeq, to: lastSeq }
    if (!isNew && (await this.#holds(slice, readRow))) return this.#add({ ...slice, from: this.seq + 1 })
    if (!isEqual(run.prev, await this.#hashAt(run.firstSeq - 1, readRow))) return
    this.cut(run.firstSeq - 1)
    this.#add(slice)
  }

  /** Leaves entries up to `seq`. */
  cut(seq: number): void {
    while (this.seq > seq) {
      const last = this.slices.at(-1) as Slice
      if (last.from > seq) this.slices.pop()
      else this.slices.splice(-1, 1, { ...last, to: seq })
    }
  }

  #add(slice: Slice): void {
    if (slice.from <= slice.to) this.slices.push(slice)
  }

  /** Whether the run says the same as what is held: each hash covers those before it. */
  async #holds(slice: Slice, readRow: ReadRow): Promise<boolean> {
    const at = Math.min(slice.to, this.seq)
    const row = await readRow(slice, at)
    return isEqual(row.hash, await this.#hashAt(at, readRow))
  }

  async #hashAt(seq: number, readRow: ReadRow): Promise<Uint8Array> {
    const slice = this.sliceOf(seq)
    if (!slice) return NO_HASH
    return seq === slice.to && isWhole(slice) ? slice.run.hash : (await readRow(slice, seq)).hash
  }
}

/** Whether it ends where its run does. */
export function isWhole({ run, to }: Slice): boolean {
  return to === run.firstSeq + run.count - 1
}

function shareOf({ byteCount, count: ofRun }: Run, count: number): number {
  return Math.round((byteCount * count) / ofRun)
}
