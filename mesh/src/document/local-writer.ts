/**
 * Own edits on their way into the journal: the first after a pause goes at once, what follows while that one is being
 * sealed is merged into the next; where others were shown it already, it may wait a moment for more. Sealing within a log is
 * serialised, since each entry names the one before.
 */
import * as Y from 'yjs'
import { BATCH_BYTES, DRAFT_LEAD_MS, MERGE_GROUP } from '../limits.ts'
import type { Clock } from '../ports.ts'

export interface LocalWriterDeps {
  readonly clock: Pick<Clock, 'after'>
  /** Whether everybody takes a merged update: together they may name more than one update may. */
  readonly fits: (merged: Uint8Array) => boolean
  /** Seals one update as the next entry of the log; resolves when it is stored and on its way. */
  readonly write: (update: Uint8Array) => Promise<void>
  /** Nothing of `unwritten` became an entry, in the order in which it was written. */
  readonly onError: (error: unknown, unwritten: readonly Uint8Array[]) => void
}

export class LocalWriter {
  readonly #deps: LocalWriterDeps
  readonly #pending: Uint8Array[] = []
  #writing: Promise<void> | null = null
  /** Ends the waiting before the next group, while there is one. */
  #go: (() => void) | null = null

  constructor(deps: LocalWriterDeps) {
    this.#deps = deps
  }

  get isIdle(): boolean {
    return this.#writing === null
  }

  /** Consecutive V1 updates of this log's own client, each small enough for an entry; `isShown`: everybody linked has them. */
  push(updates: readonly Uint8Array[], isShown = false): void {
    this.#pending.push(...updates)
    if (!isShown) this.#go?.()
    this.#writing ??= this.#run(isShown).finally(() => {
      this.#writing = null
      if (this.#pending.length > 0) this.push([])
    })
  }

  /** Resolves once everything pushed so far is an entry. */
  async flush(): Promise<void> {
    while (this.#writing) {
      this.#go?.()
      await this.#writing
    }
  }

  /** A moment, or until somebody wants it written. */
  #lead(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(DRAFT_LEAD_MS, () => this.#go?.())
      this.#go = () => {
        this.#go = null
        cancel()
        resolve()
      }
    })
  }

  async #run(isShown: boolean): Promise<void> {
    if (isShown) await this.#lead()
    while (this.#pending.length > 0) {
      try {
        await this.#writeGroup()
      } catch (error) {
        this.#deps.onError(error, this.#pending.splice(0))
      }
    }
  }

  /** What throws is put back, so that nobody loses it unseen. */
  async #writeGroup(): Promise<void> {
    const group = [...this.#merged(this.#takeGroup())]
    try {
      for (; group.length > 0; group.shift()) await this.#deps.write(group[0] as Uint8Array)
    } catch (error) {
      this.#pending.unshift(...group)
      throw error
    }
  }

  /** One update for all of the group if that fits, the group as it is otherwise. */
  #merged(group: Uint8Array[]): Uint8Array[] {
    if (group.length === 1) return group
    const merged = Y.mergeUpdates(group)
    return this.#deps.fits(merged) ? [merged] : group
  }

  #takeGroup(): Uint8Array[] {
    let bytes = 0
    let count = 0
    for (const update of this.#pending) {
      if (count > 0 && (count >= MERGE_GROUP || bytes + update.length > BATCH_BYTES)) break
      bytes += update.length
      count++
    }
    return this.#pending.splice(0, count)
  }
}
