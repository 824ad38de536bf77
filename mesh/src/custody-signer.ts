/** An archivist's signed word for what it holds, told to those who wrote it. Rules: docs/spec.md, AR. */
import { type CustodyFrame, custodyMessage, type KeyId, type LogKey, type RoomId } from '@parley/protocol'
import type { AuthorLog } from './journal/author-log.ts'
import type { Clock, Signer } from './ports.ts'
import { ReceiptPace } from './receipt-pace.ts'

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
  readonly #pace: ReceiptPace

  constructor(deps: CustodyDeps) {
    this.#deps = deps
    const { clock, isHere } = deps
    this.#pace = new ReceiptPace({ clock, isHere, tell: (log) => this.#tell(log) })
  }

  close(): void {
    this.#pace.close()
  }

  /** These logs became durable. */
  handleDurable(logs: Iterable<AuthorLog>): void {
    this.#pace.handleDurable(logs)
  }

  /** The author of these logs came. */
  handleArrived(logs: readonly AuthorLog[]): void {
    this.#pace.handleArrived(logs)
  }

  #tell(log: AuthorLog): void {
    this.#sign(log)
      .then((frame) => frame && this.#deps.tell(log.author, frame))
      .catch(this.#deps.onFailed)
  }

  async #sign(log: AuthorLog): Promise<CustodyFrame | null> {
    const { roomId, self, signer, durableSeq } = this.#deps
    const seq = durableSeq(log)
    const hash = seq && seq <= log.stored ? log.factsAt(seq)?.hash : undefined
    if (!seq || !hash) return null
    const known = this.#signed.get(log.key)
    if (known?.seq === seq) return known
    const { doc, author, session, key } = log
    const head = { doc, author, session, log: key, seq, hash }
    const signature = await signer.sign(custodyMessage(roomId, self, head))
    const frame: CustodyFrame = { type: 'custody', ...head, archivist: self, signature }
    this.#signed.set(key, frame)
    return frame
  }
}
