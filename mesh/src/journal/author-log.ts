/** One author's append-only log of one document in one session. */
import {
  clientIdOf,
  type DocName,
  equalBytes,
  FIRST_PREV,
  type Head,
  type KeyId,
  type LogKey,
  logHashOf,
  type SealedEntry,
  type SessionId,
} from '@parley/protocol'
import type { DeepEntries, DeepFacts } from './deep-entries.ts'

export interface EntryRecord {
  readonly seq: number
  readonly hash: Uint8Array
  readonly timeMs: number
  /** Place among all entries stored here: what is served goes out in this order. */
  readonly order: number
  readonly bytes: Uint8Array
}

/** What an entry would do to its log; decided by the log alone, never by when it came. */
export type AcceptVerdict =
  | { readonly verdict: 'next' }
  | { readonly verdict: 'known' }
  /** Something before it has not come yet. */
  | { readonly verdict: 'gap' }
  /** Two entries for one place: the author signed both, or one is forged. */
  | { readonly verdict: 'fork' }
  | { readonly verdict: 'time-runs-back' }

export class AuthorLog {
  readonly key: LogKey
  readonly doc: DocName
  readonly author: KeyId
  readonly session: SessionId
  /** Place in the canonical order. */
  readonly hash: Uint8Array
  readonly clientId: number
  /** Entries beyond it do not stand: a revocation or a proof of two entries for one place cut the log there. */
  cut: number | null = null
  /** Its author comments only: deletes and keyed writes reach no further than the author's own. */
  restricted = false
  /** Entries up to `#deep.count` lie in storage; these follow them. */
  readonly #records: EntryRecord[] = []
  readonly #storage: DeepEntries | null
  /** The facts of the last one are `null` while storage is asked for them. */
  #deep: { readonly count: number; readonly last: DeepFacts | null } = { count: 0, last: null }
  /** Facts at the cut: what digests tell of must not be forgotten. */
  #atCut: (DeepFacts & { readonly seq: number }) | null = null
  #byteCount = 0
  /** Of a log that was proven to fork, the branch that lost: others may have built on it. */
  readonly #lost: EntryRecord[] = []

  /** `storage`: where entries lie that are not held here; `null` when all are. */
  constructor(
    name: Pick<SealedEntry, 'log' | 'doc' | 'author' | 'session'>,
    storage: DeepEntries | null = null,
  ) {
    this.#storage = storage
    this.key = name.log
    this.doc = name.doc
    this.author = name.author
    this.session = name.session
    this.hash = logHashOf(name.doc, name.author, name.session)
    this.clientId = clientIdOf(name.author, name.session, name.doc)
  }

  /** Entries that can be read, the lost branch of a fork included behind the cut. */
  get seq(): number {
    return this.stored + (this.#lostFrom === null ? 0 : this.#lost.length)
  }

  /** Entries of it that lie in storage and not in memory: the first ones. */
  get deepCount(): number {
    return this.#deep.count
  }

  /** Entries of the one chain that is held. */
  get stored(): number {
    return this.#deep.count + this.#records.length
  }

  /** Lost entries follow once the one that stands in their place is here. */
  get #lostFrom(): number | null {
    const at = this.#lost[0]?.seq
    return at !== undefined && this.stored >= at ? this.stored : null
  }

  /** Of all entries held, in bytes. */
  get byteCount(): number {
    return this.#byteCount
  }

  get headHash(): Uint8Array {
    return this.factsAt(this.stored)?.hash ?? FIRST_PREV
  }

  get lastTimeMs(): number {
    return this.factsAt(this.stored)?.timeMs ?? 0
  }

  /** How many entries are held and stand: what digests and heads tell of. */
  get standing(): number {
    return Math.min(this.stored, this.cut ?? this.stored)
  }

  get head(): Head {
    const { doc, author, session, key, standing } = this
    const facts = this.factsAt(standing)
    return { doc, author, session, log: key, seq: facts ? standing : 0, hash: facts?.hash ?? FIRST_PREV }
  }

  /** `seq` counts from 1. Only of entries that are held in memory. */
  record(seq: number): EntryRecord | undefined {
    const lostFrom = this.#lostFrom
    const held = this.#records[seq - 1 - this.#deep.count]
    return held ?? (lostFrom === null ? undefined : this.#lost[seq - 1 - lostFrom])
  }

  /** Of any entry; `undefined` where there is none, or while storage is asked: `DeepEvents` tells when it has answered. */
  factsAt(seq: number): DeepFacts | undefined {
    if (seq < 1 || seq > this.#deep.count) return this.record(seq)
    if (seq === this.#deep.count && this.#deep.last) return this.#deep.last
    if (this.#atCut?.seq === seq) return this.#atCut
    const facts = this.#storage?.at(this, seq)
    if (facts && seq === this.#deep.count) this.#deep = { count: seq, last: facts }
    if (facts && seq === this.cut) this.#atCut = { ...facts, seq }
    return facts
  }

  /** Resolves when `factsAt(seq)` has its answer; `null`: it has now. */
  recall(seq: number): Promise<unknown> | null {
    const isDeep = seq >= 1 && seq <= this.#deep.count
    return isDeep && this.#storage && !this.factsAt(seq) ? this.#storage.recall(this, seq) : null
  }

  judge(entry: SealedEntry, hash: Uint8Array): AcceptVerdict {
    if (entry.seq <= this.stored) {
      const held = this.factsAt(entry.seq)
      // What cannot be compared now is not stored anyway.
      return { verdict: !held || equalBytes(held.hash, hash) ? 'known' : 'fork' }
    }
    // Where the head is being asked for, it is wanted again in a moment.
    if (entry.seq > this.stored + 1 || (this.stored > 0 && !this.factsAt(this.stored)))
      return { verdict: 'gap' }
    if (!equalBytes(entry.prev, this.headHash)) return { verdict: 'fork' }
    return { verdict: entry.timeMs < this.lastTimeMs ? 'time-runs-back' : 'next' }
  }

  /** Forgets the record at `seq` and all after it: storage gave it back damaged. */
  drop(seq: number): void {
    const inMemory = Math.max(0, seq - 1 - this.#deep.count)
    for (const record of this.#records.splice(inMemory)) this.#byteCount -= record.bytes.length
    this.#giveUpDeep(seq)
  }

  /** Another entry was proven to stand at `seq`: what is held from there on has lost. Returns whether anything was. */
  lose(seq: number): boolean {
    if (this.stored < seq) return false
    if (seq <= this.#deep.count) this.drop(seq)
    else this.#lost.push(...this.#records.splice(seq - 1 - this.#deep.count))
    return true
  }

  /** What lies in storage from `seq` on is not of this log any more; of its bytes only the average is known. */
  #giveUpDeep(seq: number): void {
    const { count } = this.#deep
    if (seq > count) return
    this.#byteCount -= Math.round((this.#byteCount * (count - seq + 1)) / count)
    this.#storage?.giveUp(this, seq)
    this.#deep = { count: seq - 1, last: (seq > 1 && this.factsAt(seq - 1)) || null }
  }

  /** What storage had of it when the room was opened. */
  restore({
    seq,
    hash,
    timeMs,
    byteCount,
  }: DeepFacts & { readonly seq: number; readonly byteCount: number }): void {
    this.#deep = { count: seq, last: { hash, timeMs } }
    this.#byteCount = byteCount
  }

  /** Everything stored here before `order` is durable: storage has it, and memory no more. */
  sink(order: number): void {
    const count = this.#records.findIndex((record) => record.order >= order)
    const last = this.#records.splice(0, count < 0 ? this.#records.length : count).at(-1)
    if (!last) return
    this.#deep = { count: last.seq, last: { hash: last.hash, timeMs: last.timeMs } }
  }

  /** Only after `judge` said `next` and the signature was verified. */
  append(entry: SealedEntry, hash: Uint8Array, order: number): EntryRecord {
    const record = { seq: entry.seq, hash, timeMs: entry.timeMs, order, bytes: entry.bytes }
    this.#records.push(record)
    this.#byteCount += record.bytes.length
    return record
  }
}
