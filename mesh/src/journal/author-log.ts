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
  readonly #records: EntryRecord[] = []

  constructor(name: Pick<SealedEntry, 'log' | 'doc' | 'author' | 'session'>) {
    this.key = name.log
    this.doc = name.doc
    this.author = name.author
    this.session = name.session
    this.hash = logHashOf(name.doc, name.author, name.session)
    this.clientId = clientIdOf(name.author, name.session, name.doc)
  }

  get seq(): number {
    return this.#records.length
  }

  get headHash(): Uint8Array {
    return this.#records.at(-1)?.hash ?? FIRST_PREV
  }

  get lastTimeMs(): number {
    return this.#records.at(-1)?.timeMs ?? 0
  }

  get head(): Head {
    const { doc, author, session, key, seq, headHash } = this
    return { doc, author, session, log: key, seq, hash: headHash }
  }

  /** `seq` counts from 1. */
  record(seq: number): EntryRecord | undefined {
    return this.#records[seq - 1]
  }

  judge(entry: SealedEntry, hash: Uint8Array): AcceptVerdict {
    const held = this.record(entry.seq)
    if (held) return { verdict: equalBytes(held.hash, hash) ? 'known' : 'fork' }
    if (entry.seq > this.seq + 1) return { verdict: 'gap' }
    if (!equalBytes(entry.prev, this.headHash)) return { verdict: 'fork' }
    return { verdict: entry.timeMs < this.lastTimeMs ? 'time-runs-back' : 'next' }
  }

  /** Only after `judge` said `next` and the signature was verified. */
  append(entry: SealedEntry, hash: Uint8Array, order: number): EntryRecord {
    const record = { seq: entry.seq, hash, timeMs: entry.timeMs, order, bytes: entry.bytes }
    this.#records.push(record)
    return record
  }
}
