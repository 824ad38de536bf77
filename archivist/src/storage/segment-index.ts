/**
 * What is known of one segment without reading it: which stretches of which logs lie in it, and the values in it. Its rows, one an
 * entry, are in memory while the segment is written to, and in a file beside it from then on.
 */
import type { EntryFacts } from '@parley/mesh'
import { type EntryPlace, GrowingRows } from './index-rows.ts'

/** Entries of one log that follow each other, in one segment. */
export interface Run {
  readonly log: string
  readonly firstSeq: number
  /** Hash of the entry before the first. */
  readonly prev: Uint8Array
  count: number
  byteCount: number
  /** Of the last entry. */
  hash: Uint8Array
  timeMs: number
  /** `null`: in the file, from row `atRow` on. */
  rows: GrowingRows | null
  atRow: number
}

/** The last record that an index knows of: an index of other bytes than these is told by it. */
export interface LastRecord {
  readonly atByte: number
  readonly checksum: number
}

export class SegmentIndex {
  readonly number: number
  readonly runs: Run[] = []
  /** The last value of each key, as it is written. */
  readonly values = new Map<string, Uint8Array>()
  /** Entries, those that were not understood included. */
  entryCount = 0
  /** So much of the segment is known. */
  coveredBytes = 0
  lastRecord: LastRecord = { atByte: 0, checksum: 0 }
  /** Where rows begin in the file, once it is written. */
  rowsAtByte = 0
  readonly #latest = new Map<string, Run>()

  constructor(number: number) {
    this.number = number
  }

  /** Returns the run that it became part of. */
  add(facts: EntryFacts, place: EntryPlace): Run {
    const run = this.#runFor(facts)
    const { hash, timeMs } = facts
    run.rows?.add({ ...place, hash, timeMs })
    run.count++
    run.byteCount += place.length
    run.hash = hash
    run.timeMs = timeMs
    return run
  }

  /** From a file, to be added to. */
  restoreRun(run: Run): void {
    this.runs.push(run)
    this.#latest.set(run.log, run)
  }

  /** No entry comes any more, and all rows are in the file. */
  leaveRowsToFile(rowsAtByte: number): void {
    this.rowsAtByte = rowsAtByte
    this.#latest.clear()
    let atRow = 0
    for (const run of this.runs) {
      run.rows = null
      run.atRow = atRow
      atRow += run.count
    }
  }

  #runFor({ log, seq, prev }: EntryFacts): Run {
    const latest = this.#latest.get(log)
    const follows = latest && latest.firstSeq + latest.count === seq && isEqual(latest.hash, prev)
    if (follows) return latest
    const run: Run = {
      log,
      firstSeq: seq,
      prev: prev.slice(),
      count: 0,
      byteCount: 0,
      hash: prev,
      timeMs: 0,
      rows: new GrowingRows(),
      atRow: 0,
    }
    this.restoreRun(run)
    return run
  }
}

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
