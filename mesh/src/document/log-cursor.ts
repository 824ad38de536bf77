/** How far one log has been applied to one document, and what its next entry waits for. */
import { ADMIT_BATCH } from '../limits.ts'

/** A log as documents see it. */
export interface LogView {
  readonly key: string
  readonly hash: Uint8Array
  readonly clientId: number
  /** Entries stored so far. */
  readonly seq: number
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
  | { readonly name: 'cut' }

export class LogCursor {
  readonly log: LogView
  applied = 0
  state: CursorState = { name: 'running' }
  /** Plaintexts at hand, by seq; a cache, everything can be opened again. */
  readonly #plain = new Map<number, Uint8Array>()

  constructor(log: LogView) {
    this.log = log
  }

  get hasNext(): boolean {
    return this.state.name !== 'cut' && this.applied < this.log.seq
  }

  /** Keeps a plaintext unless too many wait already. */
  offer(seq: number, plaintext: Uint8Array): void {
    if (seq > this.applied && seq <= this.applied + ADMIT_BATCH) this.#plain.set(seq, plaintext)
  }

  peek(): Uint8Array | undefined {
    return this.#plain.get(this.applied + 1)
  }

  advance(): void {
    this.applied++
    this.#plain.delete(this.applied)
    this.state = { name: 'running' }
  }

  cut(): void {
    this.state = { name: 'cut' }
    this.#plain.clear()
  }
}
