/**
 * The gate of the journal: what came over a link is checked here, cheapest first, before it is stored and forwarded.
 * Links take turns, by what their frames cost. Rules: docs/spec.md, EN, ST and WK.
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
import { ADMIT_BATCH, ADMIT_BATCH_MS, CLOCK_AHEAD_MS, WAITING_FRAME_BYTES } from '../limits.ts'
import type { AuthorBook } from './author-book.ts'
import type { AuthorLog, EntryRecord } from './author-log.ts'
import type { EntryCheck } from './blind-seal.ts'
import { type Costed, FairQueue } from './fair-queue.ts'
import type { Journal } from './journal.ts'
import { chainCostMs, entryCostMs, frameCostMs } from './work-costs.ts'

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
  /** So much work was of no use to anybody, and nobody had asked this link for it. */
  wasted(from: Origin, workMs: number): void
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

interface Arrival extends Costed {
  readonly kind: 'entry'
  readonly entry: SealedEntry
  readonly wanted: boolean
  readonly size: number
}

interface ChainArrival extends Costed {
  readonly kind: 'chain'
  readonly chain: Uint8Array
  readonly done: () => void
}

/** An arrival whose signature was verified; `forbidden` is the fault to blame if it holds. */
interface Pending extends Arrival {
  readonly hash: Uint8Array
  readonly forbidden: boolean
  readonly verified: boolean
  readonly plaintext: Uint8Array | null
}

export class Admission {
  readonly #deps: AdmissionDeps
  readonly #events: AdmissionEvents
  readonly #queue = new FairQueue<Arrival | ChainArrival>()
  #pumping = false

  constructor(deps: AdmissionDeps, events: AdmissionEvents) {
    this.#deps = deps
    this.#events = events
  }

  /** Bytes of what this link sent that wait to be verified. */
  waitingBytesOf(from: Origin): number {
    return this.#queue.byteCountOf(from)
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
    const byteCount = bytes.length + WAITING_FRAME_BYTES
    const costMs = entryCostMs(bytes.length)
    this.#add({ kind: 'entry', from, entry, wanted, size, byteCount, costMs })
  }

  /** Resolves when the chain was looked at, in its link's turn, or the link {@link forget|forgotten}. */
  learn(from: Origin, chain: Uint8Array): Promise<void> {
    const byteCount = chain.length + WAITING_FRAME_BYTES
    const costMs = chainCostMs(chain.length)
    return new Promise((done) => this.#add({ kind: 'chain', from, chain, done, byteCount, costMs }))
  }

  /** Nothing that this link sent and that still waits is looked at any more. */
  forget(from: Origin): void {
    for (const work of this.#queue.drop(from)) if (work.kind === 'chain') work.done()
  }

  #add(work: Arrival | ChainArrival): void {
    this.#queue.add(work)
    if (!this.#pumping) void this.#pump()
  }

  async #pump(): Promise<void> {
    this.#pumping = true
    try {
      while (this.#queue.count > 0) {
        const batch = this.#queue.take(ADMIT_BATCH, ADMIT_BATCH_MS)
        const pending = await Promise.all(
          batch.map((work) => (work.kind === 'chain' ? this.#learn(work) : this.#verify(work))),
        )
        this.#commit(pending.filter((item) => item !== null))
        for (const work of batch) if (work.kind === 'entry') this.#events.consumed(work.from, work.size)
      }
    } finally {
      this.#pumping = false
    }
  }

  /** Chains of another room, or broken ones, are left out: entries under them then have no author. */
  async #learn({ from, chain, costMs, done }: ChainArrival): Promise<null> {
    const verdict = await this.#deps.authors.learn(chain)
    if (!verdict.ok) this.#events.wasted(from, costMs)
    done()
    return null
  }

  /** `null` when it is settled without a signature. */
  async #verify(arrival: Arrival): Promise<Pending | null> {
    const { entry, from } = arrival
    const { right } = this.#deps.authors.rightOf(entry, this.#deps.cutOf(entry))
    if (right === 'unknown') return this.#dropInVain(arrival, 'unknown-author')
    if (right === 'expired') return this.#dropInVain(arrival, 'expired')
    if (right === 'beyond' && (entry.doc === 'meta' || !this.#deps.isWanted(from, entry))) {
      return this.#dropInVain(arrival, 'beyond-cut')
    }
    // A clock that is wrong may be ours: nobody is to blame.
    if (entry.timeMs > this.#deps.nowMs() + CLOCK_AHEAD_MS) return this.#drop('ahead-of-time')
    const message = this.#deps.seal.message(entry)
    const hash = sha256(message)
    if (this.#deps.hasLost(entry, hash)) return this.#dropInVain(arrival, 'beyond-cut')
    const forbidden = right === 'no'
    const recalling = this.#deps.journal.logFor(entry).recall(entry.seq)
    if (recalling) await recalling
    if (!forbidden && this.#deps.journal.logFor(entry).judge(entry, hash).verdict === 'known') {
      return this.#known(arrival, frameCostMs(entry.bytes.length))
    }
    const opening = !forbidden && this.#deps.isOpen(entry.doc) ? this.#deps.seal.open(entry) : null
    const [verified, plaintext] = await Promise.all([this.#deps.seal.verify(entry, message), opening])
    return { ...arrival, hash, forbidden, verified, plaintext }
  }

  #known({ entry, from, wanted }: Arrival, workMs: number): null {
    if (wanted) return null
    this.#events.duplicate(from, entry.author)
    this.#events.wasted(from, workMs)
    return null
  }

  /** Without a signature: whoever signed it, it is not taken. */
  #dropInVain({ from, wanted, entry }: Arrival, why: Parameters<AdmissionEvents['dropped']>[0]): null {
    if (!wanted) this.#events.wasted(from, frameCostMs(entry.bytes.length))
    return this.#drop(why)
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
    if (pending.forbidden) return this.#refuseRole(pending)
    const log = this.#deps.journal.logFor(entry)
    const { verdict } = log.judge(entry, hash)
    switch (verdict) {
      case 'next':
        return { log, record: this.#deps.journal.append(log, entry, hash), entry, plaintext, from, wanted }
      case 'known':
        return this.#known(pending, pending.costMs)
      case 'gap':
        this.#events.gap(from, entry)
        return null
      case 'fork':
        this.#verifiedInVain(pending)
        this.#events.fork(from, log, entry)
        return null
      case 'time-runs-back':
        this.#verifiedInVain(pending)
        return this.#blameAuthor(entry.author, 'malformed', 'time runs back in a log')
    }
  }

  /** A grant that others show for somebody may not be all that they have: only who showed it is to blame. */
  #refuseRole(pending: Pending): null {
    const { author, doc } = pending.entry
    this.#verifiedInVain(pending)
    if (!this.#deps.authors.hasShownItself(author)) return this.#drop('unknown-author')
    return this.#blameAuthor(author, 'role', `may not write ${doc}`)
  }

  #verifiedInVain({ from, wanted, costMs }: Pending): void {
    if (!wanted) this.#events.wasted(from, costMs)
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
