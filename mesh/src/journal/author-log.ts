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
  readonly #records: EntryRecord[] = []
  #byteCount = 0
  /** Of a log that was proven to fork, the branch that lost: others may have built on it. */
  readonly #lost: EntryRecord[] = []

  constructor(name: Pick<SealedEntry, 'log' | 'doc' | 'author' | 'session'>) {
    this.key = name.log
    this.doc = name.doc
    this.author = name.author
    this.session = name.session
    this.hash = logHashOf(name.doc, name.author, name.session)
    this.clientId = clientIdOf(name.author, name.session, name.doc)
  }

  /** Entries that can be read, the lost branch of a fork included behind the cut. */
  get seq(): number {
    return this.#records.length + (this.#lostFrom === null ? 0 : this.#lost.length)
  }

  /** Entries of the one chain that is held. */
  get stored(): number {
    return this.#records.length
  }

  /** Lost entries follow once the one that stands in their place is here. */
  get #lostFrom(): number | null {
    const at = this.#lost[0]?.seq
    return at !== undefined && this.#records.length >= at ? this.#records.length : null
  }

  /** Of all entries held, in bytes. */
  get byteCount(): number {
    return this.#byteCount
  }

  get headHash(): Uint8Array {
    return this.#records.at(-1)?.hash ?? FIRST_PREV
  }

  get lastTimeMs(): number {
    return this.#records.at(-1)?.timeMs ?? 0
  }

  /** How many entries are held and stand: what digests and heads tell of. */
  get standing(): number {
    return Math.min(this.stored, this.cut ?? this.stored)
  }

  get head(): Head {
    const { doc, author, session, key, standing } = this
    return { doc, author, session, log: key, seq: standing, hash: this.record(standing)?.hash ?? FIRST_PREV }
  }

  /** `seq` counts from 1. */
  record(seq: number): EntryRecord | undefined {
    const lostFrom = this.#lostFrom
    return this.#records[seq - 1] ?? (lostFrom === null ? undefined : this.#lost[seq - 1 - lostFrom])
  }

  judge(entry: SealedEntry, hash: Uint8Array): AcceptVerdict {
    const held = this.#records[entry.seq - 1]
    if (held) return { verdict: equalBytes(held.hash, hash) ? 'known' : 'fork' }
    if (entry.seq > this.stored + 1) return { verdict: 'gap' }
    if (!equalBytes(entry.prev, this.headHash)) return { verdict: 'fork' }
    return { verdict: entry.timeMs < this.lastTimeMs ? 'time-runs-back' : 'next' }
  }

  /** Forgets the record at `seq` and all after it: storage gave it back damaged. */
  drop(seq: number): void {
    for (const record of this.#records.splice(seq - 1)) this.#byteCount -= record.bytes.length
  }

  /** Another entry was proven to stand at `seq`: what is held from there on has lost. Returns whether anything was. */
  lose(seq: number): boolean {
    if (this.#records.length < seq) return false
    this.#lost.push(...this.#records.splice(seq - 1))
    return true
  }

  /** Only after `judge` said `next` and the signature was verified. */
  append(entry: SealedEntry, hash: Uint8Array, order: number): EntryRecord {
    const record = { seq: entry.seq, hash, timeMs: entry.timeMs, order, bytes: entry.bytes }
    this.#records.push(record)
    this.#byteCount += record.bytes.length
    return record
  }
}
