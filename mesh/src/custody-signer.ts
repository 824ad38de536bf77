/** An archivist's signed word for what it holds, told to those who wrote it. Rules: docs/spec.md, AR. */
import { type CustodyFrame, custodyMessage, type KeyId, type LogKey, type RoomId } from '@parley/protocol'
import type { AuthorLog } from './journal/author-log.ts'
import { CUSTODY_AT_ONCE, FLUSH_MS, RECEIPTS_AT_START } from './limits.ts'
import type { Clock, Signer, Unsubscribe } from './ports.ts'

export interface CustodyDeps {
  readonly roomId: RoomId
  readonly self: KeyId
  readonly signer: Signer
  readonly clock: Pick<Clock, 'after'>
  /** How far a log is durable here; `null` where nothing is kept durably. */
  readonly durableSeq: (log: AuthorLog) => number | null
  /** To every linked copy of this author. */
  readonly tell: (author: KeyId, frame: CustodyFrame) => void
  readonly isHere: (author: KeyId) => boolean
  readonly onFailed: (error: unknown) => void
}

export class CustodySigner {
  readonly #deps: CustodyDeps
  /** The last word for each log, so that a copy that comes and goes costs no signatures. */
  readonly #signed = new Map<LogKey, CustodyFrame>()
  /** Logs to be told of, by author. */
  readonly #due = new Map<KeyId, Set<AuthorLog>>()
  #cancelPump: Unsubscribe | null = null

  constructor(deps: CustodyDeps) {
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

  /** So many of each author at a time that a device which brings thousands of logs is not flooded with receipts. */
  #pump(): void {
    this.#cancelPump = null
    for (const [author, due] of this.#due) {
      if (!this.#deps.isHere(author)) due.clear()
      for (const log of latestOf([...due], CUSTODY_AT_ONCE)) {
        due.delete(log)
        this.#tell(log)
      }
      if (due.size === 0) this.#due.delete(author)
    }
    if (this.#due.size > 0) this.#cancelPump = this.#deps.clock.after(FLUSH_MS, () => this.#pump())
  }

  #tell(log: AuthorLog): void {
    this.#sign(log)
      .then((frame) => frame && this.#deps.tell(log.author, frame))
      .catch(this.#deps.onFailed)
  }

  async #sign(log: AuthorLog): Promise<CustodyFrame | null> {
    const { roomId, self, signer, durableSeq } = this.#deps
    const seq = durableSeq(log)
    const record = seq ? log.record(seq) : undefined
    if (!record) return null
    const known = this.#signed.get(log.key)
    if (known?.seq === record.seq) return known
    const { doc, author, session, key } = log
    const head = { doc, author, session, log: key, seq: record.seq, hash: record.hash }
    const signature = await signer.sign(custodyMessage(roomId, self, head))
    const frame: CustodyFrame = { type: 'custody', ...head, archivist: self, signature }
    this.#signed.set(key, frame)
    return frame
  }
}

function latestOf(logs: readonly AuthorLog[], count: number): AuthorLog[] {
  return [...logs].sort((a, b) => b.lastTimeMs - a.lastTimeMs).slice(0, count)
}
