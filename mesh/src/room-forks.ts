/**
 * Two entries for one place of a log: how the proof is come by, told to others and kept, and what follows for whoever signed
 * both. What then stands is drawn by {@link RoomStanding}. Rules: docs/spec.md, ST.
 */
import { CLOSE, equalBytes, type ProofFrame, type SealedEntry } from '@parley/protocol'
import type { AuthorLog } from './journal/author-log.ts'
import { type Fork, stubOf } from './journal/equivocation.ts'
import type { Journal } from './journal/journal.ts'
import { readEntries } from './journal/read-entries.ts'
import type { Storage } from './ports.ts'
import type { RefusedKeys } from './refused-keys.ts'
import type { LiveLink, RoomLinks } from './room-links.ts'
import { proofRecord } from './room-load.ts'
import type { RoomStanding } from './room-standing.ts'

export interface ForksDeps {
  readonly journal: Journal
  readonly standing: Pick<RoomStanding, 'addProof'>
  readonly links: RoomLinks
  readonly storage: Pick<Storage, 'put'>
  readonly refusedKeys: RefusedKeys
}

export interface ForksEvents {
  /** It was new: others have been told, and the author is shut out. */
  forked(fork: Fork): void
  /** The proof could not be stored. */
  failed(error: unknown): void
  unreadable(error: unknown): void
}

export class RoomForks {
  readonly #deps: ForksDeps
  readonly #events: ForksEvents

  constructor(deps: ForksDeps, events: ForksEvents) {
    this.#deps = deps
    this.#events = events
  }

  /** At the head of a log the proof is at hand, else the place where it parts is asked for. */
  handleForked(from: LiveLink, log: AuthorLog, entry: SealedEntry): void {
    this.#prove(from, log, entry).catch((error: unknown) => this.#events.unreadable(error))
  }

  async #prove(from: LiveLink, log: AuthorLog, entry: SealedEntry): Promise<void> {
    const { journal, links, standing } = this.#deps
    const [other] = await readEntries(journal, log, entry.seq, 1)
    if (!other) return links.sync.probe(from, log)
    if (!equalBytes(other.prev, entry.prev) && entry.seq > 1)
      return links.sync.probe(from, log, entry.seq - 1)
    await standing.addProof({ type: 'proof', first: stubOf(other), second: stubOf(entry) })
  }

  async handleProof(live: LiveLink, frame: ProofFrame): Promise<void> {
    const fork = await this.#deps.standing.addProof(frame)
    if (!fork) live.link.close(CLOSE.malformed, 'a proof that proves nothing')
  }

  /** What stands has been settled. */
  handleFork(fork: Fork): void {
    const { storage, links, refusedKeys } = this.#deps
    const record = storage.put(proofRecord(fork.log), fork.proof)
    record.catch((error: unknown) => this.#events.failed(error))
    links.broadcast(fork.proof)
    refusedKeys.shutOut(fork.header.author, 'equivocation', 'two entries for one place')
    this.#events.forked(fork)
  }
}
