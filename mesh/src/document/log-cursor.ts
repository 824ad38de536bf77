/** How far one log has been applied to one document, and what its next entry waits for. */
import { ADMIT_BATCH } from '../limits.ts'

/** A log as documents see it; its numbers change as entries come and owners decide. */
export interface LogView {
  readonly key: string
  readonly hash: Uint8Array
  readonly clientId: number
  readonly author: string
  /** Entries stored so far. */
  readonly seq: number
  /** Entries beyond this seq do not stand; `null`: all do. It is only ever lowered. */
  readonly cut: number | null
  /** Its author may add, but not change what others wrote. */
  readonly restricted: boolean
  /** The same object as long as the same entry is stored at `seq`, which counts from 1. */
  record(seq: number): { readonly hash: Uint8Array } | undefined
}

/** A place in the history of one Yjs client. */
export interface Dependency {
  readonly client: number
  readonly clock: number
}

export type CursorState =
  | { readonly name: 'running' }
  /** The next entry builds on something that has not been applied yet. */
  | { readonly name: 'waiting'; readonly missing: Dependency }
  /** The next entry is sealed under a key that is not known here. */
  | { readonly name: 'sealed' }
  /** The next entry breaks a rule: nothing of this log from there on is applied, here or elsewhere. */
  | { readonly name: 'refused' }

interface Opened {
  readonly plaintext: Uint8Array
  readonly hash: Uint8Array | undefined
}

/** How many of a log's entries stand, of `count` that are stored. */
export function standingOf(log: Pick<LogView, 'cut'>, count: number): number {
  return log.cut === null ? count : Math.min(log.cut, count)
}

export class LogCursor {
  readonly log: LogView
  /** Entries in the document: first those applied in full, then blanked ones. */
  applied = 0
  appliedInFull = 0
  state: CursorState = { name: 'running' }
  #lastHash: Uint8Array | undefined
  /** The next entry, if it has ever waited, as it was then. */
  #waited: { readonly hash: Uint8Array | undefined; readonly isBeyond: boolean } | null = null
  /** Plaintexts at hand, by seq; a cache, everything can be opened again. */
  readonly #plain = new Map<number, Opened>()

  constructor(log: LogView) {
    this.log = log
  }

  /** The next entry stands and is stored. */
  get hasNext(): boolean {
    return this.state.name !== 'refused' && this.applied < standingOf(this.log, this.log.seq)
  }

  /** The next entry does not stand, whether it is stored or not. */
  get isBeyond(): boolean {
    return this.log.cut !== null && this.applied >= this.log.cut
  }

  /** The next entry does not stand, but could be applied blanked. */
  get hasNextBeyond(): boolean {
    return this.state.name !== 'refused' && this.isBeyond && this.applied < this.log.seq
  }

  /** Another entry is stored now where the last one that was applied had been. */
  get isReplaced(): boolean {
    return this.applied > 0 && this.hashAt(this.applied) !== this.#lastHash
  }

  /** What waited here stood then and does not now, or is not stored any more. */
  get hasWaitedInVain(): boolean {
    if (this.#waited === null) return false
    return this.#waited.isBeyond !== this.isBeyond || this.#waited.hash !== this.hashAt(this.applied + 1)
  }

  hashAt(seq: number): Uint8Array | undefined {
    return this.log.record(seq)?.hash
  }

  /** Keeps a plaintext unless too many wait already. `hash` is that of the entry it was opened from. */
  offer(seq: number, plaintext: Uint8Array, hash = this.hashAt(seq)): void {
    if (seq > this.applied && seq <= this.applied + ADMIT_BATCH) this.#plain.set(seq, { plaintext, hash })
  }

  peek(): Uint8Array | undefined {
    const seq = this.applied + 1
    const opened = this.#plain.get(seq)
    return opened?.hash === this.hashAt(seq) ? opened?.plaintext : undefined
  }

  wait(missing: Dependency): void {
    this.state = { name: 'waiting', missing }
    this.#waited = { hash: this.hashAt(this.applied + 1), isBeyond: this.isBeyond }
  }

  /** The next entry is in the document, blanked if it was beyond the cut. */
  advance(blanked: boolean): void {
    this.applied++
    if (!blanked) this.appliedInFull = this.applied
    this.#lastHash = this.hashAt(this.applied)
    this.#plain.delete(this.applied)
    this.#waited = null
    this.state = { name: 'running' }
  }

  refuse(): void {
    this.state = { name: 'refused' }
    this.#plain.clear()
  }
}
