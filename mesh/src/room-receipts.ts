/** Receipts between people's devices, both ways: how far what one wrote is durable with another. Rules: docs/spec.md, SV. */
import type { KeyId, ReceiptFrame } from '@parley/protocol'
import type { AuthorLog } from './journal/author-log.ts'
import type { Journal } from './journal/journal.ts'
import { RECEIPTS_AT_START } from './limits.ts'
import type { Clock } from './ports.ts'
import { ReceiptPace } from './receipt-pace.ts'
import type { LiveLink, RoomLinks } from './room-links.ts'
import type { RoomRights } from './room-rights.ts'
import type { RoomSaving } from './room-saving.ts'

export interface ReceiptsDeps {
  readonly self: KeyId
  readonly clock: Pick<Clock, 'after'>
  readonly journal: Journal
  readonly saving: Pick<RoomSaving, 'durableSeq' | 'handleReceipt'>
  readonly rights: Pick<RoomRights, 'isArchivist'>
  readonly links: Pick<RoomLinks, 'all' | 'send'>
}

export class RoomReceipts {
  readonly #deps: ReceiptsDeps
  readonly #pace: ReceiptPace

  constructor(deps: ReceiptsDeps) {
    this.#deps = deps
    const { clock, links } = deps
    this.#pace = new ReceiptPace({
      clock,
      isHere: (author) => [...links.all].some(({ key }) => key === author),
      tell: (log) => {
        for (const live of links.all) if (live.key === log.author) this.#send(live, log)
      },
    })
  }

  close(): void {
    this.#pace.close()
  }

  /** These logs became durable here. */
  handleDurable(logs: Iterable<AuthorLog>): void {
    this.#pace.handleDurable(logs)
  }

  /** To whoever has just come: of its latest logs. */
  attach(live: LiveLink): void {
    const own = [...this.#deps.journal.logs()].filter((log) => log.author === live.key)
    own.sort((a, b) => b.lastTimeMs - a.lastTimeMs)
    for (const log of own.slice(0, RECEIPTS_AT_START)) this.#send(live, log)
  }

  #send(live: LiveLink, log: AuthorLog): void {
    const { saving, self, links } = this.#deps
    const seq = saving.durableSeq(log)
    if (!seq || live.key === self) return
    const { doc, author, session, key } = log
    links.send(live, { type: 'receipt', doc, author, session, log: key, seq })
  }

  /** An archivist's word counts when it is signed, and is no person's. */
  handle(live: LiveLink, { log, seq }: ReceiptFrame): void {
    const { rights, saving } = this.#deps
    if (!rights.isArchivist(live.key)) saving.handleReceipt(live.key, log, seq)
  }
}
