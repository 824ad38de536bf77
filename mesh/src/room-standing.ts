/**
 * What stands in a room: owners' records, keys of epochs, proofs of forks, and their consequences for logs, links and
 * documents. Composes the parts of the journal; the room carries out what follows.
 */
import {
  decodeMetaRecord,
  type EntryHeader,
  equalBytes,
  type KeyId,
  type LogKey,
  MalformedError,
  type MetaRecord,
  mayWrite,
  type ProofFrame,
  type RoomId,
  type SealedEntry,
  type Standing,
  type Verify,
} from '@parley/protocol'
import type { AuthorBook } from './journal/author-book.ts'
import type { AuthorLog } from './journal/author-log.ts'
import { type EpochKeys, unwrapEpoch } from './journal/epoch-keys.ts'
import { checkProof, type Fork, Forks } from './journal/equivocation.ts'
import type { Journal } from './journal/journal.ts'
import { Meta } from './journal/meta.ts'
import type { Cipher, Signer } from './ports.ts'

/** One dishonest author can fork each of its logs; so many are remembered. */
const FORKS_PER_AUTHOR = 64

interface PlacedRecord {
  readonly author: KeyId
  readonly log: LogKey
  readonly seq: number
  readonly record: MetaRecord
  readonly timeMs: number
}

export interface StandingDeps {
  readonly roomId: RoomId
  readonly rootKey: KeyId
  readonly journal: Journal
  /** Made with {@link RoomStanding.isVoid}. */
  readonly authors: () => AuthorBook
  readonly epochs: Pick<EpochKeys, 'add'>
  readonly cipher: Cipher
  readonly verify: Verify
  /** Whoever here may be the recipient of a wrapped key: the device, and the invite that it came by. */
  readonly signers: readonly Signer[]
}

export interface StandingEvents {
  /** A log stands less far than before, or another entry stands in it. */
  cut(log: AuthorLog): void
  /** Somebody may have lost the right to be here. */
  rightsChanged(): void
  /** A key of an epoch came to be known. */
  epochLearned(): void
  forked(fork: Fork): void
}

export class RoomStanding {
  readonly #deps: StandingDeps
  readonly #events: StandingEvents
  #meta: Meta
  /** Of the root key's records alone. */
  #byRoot: Meta
  /** Every record that was met, standing or not: what counts follows from all of them, in whatever order they came. */
  readonly #records: PlacedRecord[] = []
  readonly #forks = new Forks()
  /** Authors of records. */
  readonly #deciders = new Set<KeyId>()
  /** `#meta` is to be made again of all records. */
  #isStale = false

  constructor(deps: StandingDeps, events: StandingEvents) {
    this.#deps = deps
    this.#events = events
    this.#meta = new Meta(deps.rootKey)
    this.#byRoot = new Meta(deps.rootKey)
  }

  /** Whether anything in this room was ever cut. */
  get hasCuts(): boolean {
    return this.meta.hasCuts || this.#forks.count > 0
  }

  get meta(): Meta {
    if (this.#isStale) this.#remake()
    return this.#meta
  }

  /** Whether an owner lets this archivist read, by any of its chains that give a right. */
  isSighted(key: KeyId): boolean {
    const standings = this.#deps.authors().standingsOf(key)
    return standings.some((standing) => !this.isVoid(standing) && this.meta.isSighted(standing))
  }

  readonly isVoid = (standing: Standing): boolean => this.meta.isVoid(standing)

  /** How far a log stands, `null` without limit. */
  readonly cutOf = (name: Pick<SealedEntry, 'log' | 'author' | 'doc'>): number | null => {
    if (!this.hasCuts) return null
    const byOwners = this.meta.cutOf(name.log, name.author, this.#writersOf(name))
    const fork = this.#forkOf(name.log)
    if (!fork) return byOwners
    return byOwners === null ? fork.seq : Math.min(fork.seq, byOwners)
  }

  /** Chains under which an author may write a document: no other one lets an entry there stand. */
  #writersOf({ author, doc }: Pick<SealedEntry, 'author' | 'doc'>): Standing[] {
    return this.#deps
      .authors()
      .standingsOf(author)
      .filter(({ role }) => mayWrite(role, doc))
  }

  /**
   * A record of `meta` whose author is an owner. Returns false when it is not one: its author broke a rule.
   * While a room is being loaded, or of many at once, consequences are drawn once, at the end.
   */
  async addRecord(
    entry: Pick<SealedEntry, 'author' | 'log' | 'seq' | 'timeMs' | 'ciphertext'>,
    loading = false,
  ): Promise<boolean> {
    const { author, log, seq, timeMs } = entry
    let record: MetaRecord
    try {
      record = decodeMetaRecord(entry.ciphertext)
    } catch (error) {
      if (error instanceof MalformedError) return false
      throw error
    }
    const placed = { author, log, seq, record, timeMs }
    this.#records.push(placed)
    this.#deciders.add(author)
    // Only what the root key signed can take back what other owners signed.
    if (author === this.#deps.rootKey) this.#isStale = true
    else if (!this.#isStale) this.#addStanding(placed)
    if (record.type === 'epoch') await this.#learnEpoch(record)
    else if (!loading) this.recut()
    return true
  }

  /** The root key's records stand always; other owners' as far as those leave their logs standing. */
  #remake(): void {
    this.#isStale = false
    this.#byRoot = new Meta(this.#deps.rootKey)
    this.#meta = new Meta(this.#deps.rootKey)
    const byRoot = this.#records.filter(({ author }) => author === this.#deps.rootKey)
    for (const placed of byRoot) for (const meta of [this.#byRoot, this.#meta]) meta.add(placed)
    for (const placed of this.#records) this.#addStanding(placed)
  }

  /** A record of an owner other than the root key, where it stands. */
  #addStanding(placed: PlacedRecord): void {
    const { author, log, seq } = placed
    if (author === this.#deps.rootKey) return
    const cut = this.#byRoot.cutOf(log, author, this.#deps.authors().standingsOf(author))
    if (cut === null || seq <= cut) this.#meta.add(placed)
  }

  async #learnEpoch(record: Extract<MetaRecord, { type: 'epoch' }>): Promise<void> {
    const key = await unwrapEpoch(this.#deps, record, this.#deps.signers)
    if (key) this.learnKey(record.counter, key)
  }

  /** Over a proven link, or unwrapped: only a key that an owner's record names counts. */
  learnKey(counter: number, key: Uint8Array): void {
    if (this.#deps.epochs.add(counter, key)) this.#events.epochLearned()
  }

  /** Draws the consequences of all records for all logs. */
  recut(): void {
    for (const log of this.#deps.journal.logs()) {
      const fork = this.#forkOf(log.key)
      if (fork) this.#settle(log, fork)
      else this.#recutOne(log)
    }
    this.#events.rightsChanged()
  }

  #recutOne(log: AuthorLog): void {
    const roles = this.#deps
      .authors()
      .standingsOf(log.author)
      .map(({ role }) => role)
    const restricted = !roles.some((role) => role === 'editor' || role === 'owner')
    const cut = this.cutOf({ log: log.key, author: log.author, doc: log.doc })
    const other = this.#holdsAnother(log)
    if (other) log.drop(1)
    if (!other && cut === log.cut && restricted === log.restricted) return
    log.cut = cut
    log.restricted = restricted
    this.#deps.journal.heads.changed(log)
    this.#events.cut(log)
  }

  /** An owner named another entry at a place of this log than the one held: the whole log is asked for again. */
  #holdsAnother(log: AuthorLog): boolean {
    const vouched = this.meta.vouchedOf(log.key)
    const held = vouched && vouched.seq <= log.stored ? log.factsAt(vouched.seq) : undefined
    return held !== undefined && vouched !== null && !equalBytes(held.hash, vouched.hash)
  }

  /** Another chain of an author is known: its logs may stand further, or be less restricted. */
  recutAuthor(author: KeyId): void {
    if (this.#deciders.has(author)) this.#isStale = true
    for (const log of this.#deps.journal.logs()) if (log.author === author) this.#recutOne(log)
  }

  /** The fork that counts for a log: none at or below a place that an owner has named. */
  #forkOf(log: LogKey): Fork | undefined {
    const fork = this.#forks.get(log)
    return fork && fork.seq > (this.meta.vouchedOf(log)?.seq ?? 0) ? fork : undefined
  }

  /** A log got its first entries: records that came before them apply to it as well. */
  adopt(log: AuthorLog): void {
    if (log.cut === null) this.#recutOne(log)
  }

  /**
   * `null` when it proves nothing. A proof about somebody who may not write there anyway is left out: anybody can sign two
   * things with a key of their own.
   */
  async addProof(proof: ProofFrame): Promise<Fork | null> {
    const fork = await checkProof(proof, this.#deps.roomId, this.#deps.verify)
    if (!fork || !this.#concerns(fork) || !this.#forks.add(fork)) return fork
    const log = this.#deps.journal.log(fork.log)
    if (log && this.#forkOf(fork.log) === fork) this.#settle(log, fork)
    this.#events.forked(fork)
    return fork
  }

  #concerns({ header: { author, doc } }: Fork): boolean {
    const mayWriteThere = this.#deps
      .authors()
      .standingsOf(author)
      .some(({ role }) => mayWrite(role, doc))
    return mayWriteThere && this.#forks.countOf(author) < FORKS_PER_AUTHOR
  }

  #settle(log: AuthorLog, fork: Fork): void {
    const held = fork.seq <= log.stored ? log.factsAt(fork.seq) : undefined
    const lost =
      held !== undefined && !held.hash.every((byte, i) => byte === fork.winner[i]) && log.lose(fork.seq)
    const { cut } = log
    this.#recutOne(log)
    if (lost && cut === log.cut) this.#events.cut(log)
    this.#deps.journal.heads.changed(log)
  }

  /** More of a log is known than when what stands was looked at. */
  recheck(log: AuthorLog): void {
    const fork = this.#forkOf(log.key)
    if (fork) this.#settle(log, fork)
    else this.#recutOne(log)
    this.#deps.journal.heads.changed(log)
  }

  /** Whether this very entry has lost a fork: nobody takes it any more. */
  hasLost(header: Pick<EntryHeader, 'seq'>, log: LogKey, hash: Uint8Array): boolean {
    const fork = this.#forkOf(log)
    return fork !== undefined && header.seq === fork.seq && !hash.every((byte, i) => byte === fork.winner[i])
  }

  /** Proofs about logs that are held here: who has none of a log needs no proof about it. */
  proofsHeld(): ProofFrame[] {
    return [...this.#forks.all()].filter(({ log }) => this.#deps.journal.log(log)).map((fork) => fork.proof)
  }
}
