/** So few receipts to each author at a time that a device which brings thousands of logs is not flooded with them. */
import type { KeyId } from '@parley/protocol'
import type { AuthorLog } from './journal/author-log.ts'
import { FLUSH_MS, RECEIPTS_AT_ONCE, RECEIPTS_AT_START } from './limits.ts'
import type { Clock, Unsubscribe } from './ports.ts'

export interface ReceiptPaceDeps {
  readonly clock: Pick<Clock, 'after'>
  readonly isHere: (author: KeyId) => boolean
  /** To every linked copy of the log's author: how far it is durable here at this moment. */
  readonly tell: (log: AuthorLog) => void
}

export class ReceiptPace {
  readonly #deps: ReceiptPaceDeps
  /** Logs to be told of, by author. */
  readonly #due = new Map<KeyId, Set<AuthorLog>>()
  #cancelPump: Unsubscribe | null = null

  constructor(deps: ReceiptPaceDeps) {
    this.#deps = deps
  }

  close(): void {
    this.#cancelPump?.()
    this.#due.clear()
  }

  /** These logs became durable. */
  handleDurable(logs: Iterable<AuthorLog>): void {
    for (const log of logs) {
      if (!this.#deps.isHere(log.author)) continue
      const due = this.#due.get(log.author)
      if (due) due.add(log)
      else this.#due.set(log.author, new Set([log]))
    }
    if (!this.#cancelPump) this.#pump()
  }

  /** The author of these logs came: the latest are what it asks itself about. */
  handleArrived(logs: readonly AuthorLog[]): void {
    this.handleDurable(latestOf(logs, RECEIPTS_AT_START))
  }

  #pump(): void {
    this.#cancelPump = null
    for (const [author, due] of this.#due) {
      if (!this.#deps.isHere(author)) due.clear()
      for (const log of latestOf([...due], RECEIPTS_AT_ONCE)) {
        due.delete(log)
        this.#deps.tell(log)
      }
      if (due.size === 0) this.#due.delete(author)
    }
    if (this.#due.size > 0) this.#cancelPump = this.#deps.clock.after(FLUSH_MS, () => this.#pump())
  }
}

function latestOf(logs: readonly AuthorLog[], count: number): AuthorLog[] {
  return [...logs].sort((a, b) => b.lastTimeMs - a.lastTimeMs).slice(0, count)
}
