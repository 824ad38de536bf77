/**
 * The gate of the journal: what came over a link is checked here, cheapest first, before it is stored and forwarded.
 * Rules: docs/spec.md, EN and ST.
 */
import {
  type CloseReason,
  decodeEntry,
  type KeyId,
  MalformedError,
  type SealedEntry,
  sha256,
  TooLargeError,
} from '@parley/protocol'
import { ADMIT_BATCH, CLOCK_AHEAD_MS } from '../limits.ts'
import type { AuthorBook } from './author-book.ts'
import type { AuthorLog, EntryRecord } from './author-log.ts'
import type { EntryCheck } from './blind-seal.ts'
import type { Journal } from './journal.ts'

/** Where an entry came from: whatever the room uses to tell its links apart. */
export type Origin = object

export interface Admitted {
  readonly log: AuthorLog
  readonly record: EntryRecord
  readonly entry: SealedEntry
  /** The update inside, where its document is open. */
  readonly plaintext: Uint8Array | null
  readonly from: Origin
  readonly wanted: boolean
}

export interface AdmissionEvents {
  /** In order; already part of the journal. */
  admitted(entries: readonly Admitted[]): void
  /** A pushed entry that was there already: this link need not be fed by that source. */
  duplicate(from: Origin, source: KeyId): void
  /** Something before it is missing. */
  gap(from: Origin, entry: SealedEntry): void
  /** Two signed entries for one place of a log, or a chain that hangs on another than ours. */
  fork(from: Origin, log: AuthorLog, entry: SealedEntry): void
  /** The link itself broke a rule. */
  blameLink(from: Origin, reason: CloseReason, detail: string): void
  /** The author signed what it must not; whoever carried it is innocent. */
  blameAuthor(author: KeyId, reason: CloseReason, detail: string): void
  /** Left out without blame. */
  dropped(why: 'unknown-author' | 'expired' | 'ahead-of-time' | 'beyond-cut'): void
  /** A frame of so many bytes has been dealt with. */
  consumed(from: Origin, bytes: number): void
}

export interface AdmissionDeps {
  readonly journal: Journal
  readonly authors: AuthorBook
  readonly seal: EntryCheck
  readonly nowMs: () => number
  /** How far a log stands; `null` without limit. */
  readonly cutOf: (entry: Pick<SealedEntry, 'log' | 'author' | 'doc'>) => number | null
  /** Whether another entry was proven to stand in the place of this one. */
  readonly hasLost: (entry: SealedEntry, hash: Uint8Array) => boolean
  /** Whether this very entry was asked for. */
  readonly isWanted: (from: Origin, entry: SealedEntry) => boolean
  /** Whether entries of a document are to be opened at once. */
  readonly isOpen: (doc: SealedEntry['doc']) => boolean
}

interface Arrival {
  readonly from: Origin
  readonly entry: SealedEntry
  readonly message: Uint8Array
  readonly hash: Uint8Array
  readonly wanted: boolean
  readonly size: number
}

/** An arrival whose signature is being verified; `role` is the fault to blame if the signature holds. */
interface Pending extends Arrival {
  readonly forbidden: boolean
  readonly verified: boolean
  readonly plaintext: Uint8Array | null
}

export class Admission {
  readonly #deps: AdmissionDeps
  readonly #events: AdmissionEvents
  readonly #queue: Arrival[] = []
  #pumping = false

  constructor(deps: AdmissionDeps, events: AdmissionEvents) {
    this.#deps = deps
    this.#events = events
  }

  /** Entries under verification or waiting for it. */
  get waitingCount(): number {
    return this.#queue.length
  }

  receive(from: Origin, bytes: Uint8Array, wanted: boolean, size: number): void {
    let entry: SealedEntry
    try {
      entry = decodeEntry(bytes.slice())
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      this.#events.consumed(from, size)
      const reason = error instanceof TooLargeError ? 'tooLarge' : 'malformed'
      this.#events.blameLink(from, reason, `entry: ${error.message}`)
      return
    }
    const message = this.#deps.seal.message(entry)
    this.#queue.push({ from, entry, message, hash: sha256(message), wanted, size })
    if (!this.#pumping) void this.#pump()
  }

  async #pump(): Promise<void> {
    this.#pumping = true
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue.splice(0, ADMIT_BATCH)
        const pending = await Promise.all(batch.map((arrival) => this.#verify(arrival)))
        this.#commit(pending.filter((item) => item !== null))
        for (const arrival of batch) this.#events.consumed(arrival.from, arrival.size)
      }
    } finally {
      this.#pumping = false
    }
  }

  /** `null` when it is settled without a signature. */
  async #verify(arrival: Arrival): Promise<Pending | null> {
    const { entry, hash, from } = arrival
    const { right } = this.#deps.authors.rightOf(entry, this.#deps.cutOf(entry))
    if (right === 'unknown') return this.#drop('unknown-author')
    if (right === 'expired') return this.#drop('expired')
    if (right === 'beyond' && (entry.doc === 'meta' || !this.#deps.isWanted(from, entry))) {
      return this.#drop('beyond-cut')
    }
    if (this.#deps.hasLost(entry, hash)) return this.#drop('beyond-cut')
    if (entry.timeMs > this.#deps.nowMs() + CLOCK_AHEAD_MS) return this.#drop('ahead-of-time')
    const forbidden = right === 'no'
    if (!forbidden && this.#deps.journal.logFor(entry).judge(entry, hash).verdict === 'known') {
      if (!arrival.wanted) this.#events.duplicate(from, entry.author)
      return null
    }
    const opening = !forbidden && this.#deps.isOpen(entry.doc) ? this.#deps.seal.open(entry) : null
    const [verified, plaintext] = await Promise.all([this.#deps.seal.verify(entry, arrival.message), opening])
    return { ...arrival, forbidden, verified, plaintext }
  }

  #drop(why: Parameters<AdmissionEvents['dropped']>[0]): null {
    this.#events.dropped(why)
    return null
  }

  #commit(batch: readonly Pending[]): void {
    const admitted: Admitted[] = []
    for (const pending of batch) {
      const entry = this.#commitOne(pending)
      if (entry) admitted.push(entry)
    }
    if (admitted.length > 0) this.#events.admitted(admitted)
  }

  #commitOne(pending: Pending): Admitted | null {
    const { entry, hash, from, wanted, plaintext } = pending
    if (!pending.verified) return this.#blameLink(from, 'signature of an entry does not verify')
    if (pending.forbidden) return this.#refuseRole(entry)
    const log = this.#deps.journal.logFor(entry)
    const { verdict } = log.judge(entry, hash)
    switch (verdict) {
      case 'next':
        return { log, record: this.#deps.journal.append(log, entry, hash), entry, plaintext, from, wanted }
      case 'known':
        if (!wanted) this.#events.duplicate(from, entry.author)
        return null
      case 'gap':
        this.#events.gap(from, entry)
        return null
      case 'fork':
        this.#events.fork(from, log, entry)
        return null
      case 'time-runs-back':
        return this.#blameAuthor(entry.author, 'malformed', 'time runs back in a log')
    }
  }

  /** A grant that others show for somebody may not be all that they have: only who showed it is to blame. */
  #refuseRole(entry: SealedEntry): null {
    if (!this.#deps.authors.hasShownItself(entry.author)) return this.#drop('unknown-author')
    return this.#blameAuthor(entry.author, 'role', `may not write ${entry.doc}`)
  }

  #blameLink(from: Origin, detail: string): null {
    this.#events.blameLink(from, 'malformed', detail)
    return null
  }

  #blameAuthor(author: KeyId, reason: CloseReason, detail: string): null {
    this.#events.blameAuthor(author, reason, detail)
    return null
  }
}
