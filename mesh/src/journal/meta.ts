/**
 * What the owners of a room have decided, and what follows from it for everybody's entries. A grow-only set of records:
 * whoever has the same records decides the same, in whatever order they came. Rules: docs/spec.md, MT and ST.
 */
import type {
  CloseRecord,
  EpochRecord,
  KeyId,
  LogKey,
  MetaRecord,
  RevokeRecord,
  Standing,
} from '@parley/protocol'

/** A record and who signed it. */
export interface SignedRecord {
  readonly record: MetaRecord
  readonly author: KeyId
  /** By the clock of whoever signed it. */
  readonly timeMs: number
}

/** A place in a log that an owner has named as standing. */
export interface Vouched {
  readonly seq: number
  readonly hash: Uint8Array
}

interface Cuts {
  readonly author: KeyId
  /** Whether an owner may be revoked by it: only the root key does that. */
  readonly byRoot: boolean
  readonly record: RevokeRecord | CloseRecord
  readonly heads: ReadonlyMap<LogKey, Vouched>
  /** When it was signed: a closing is about grants that had ended by then, and about no later one. */
  readonly timeMs: number
}

export class Meta {
  readonly #rootKey: KeyId
  readonly #revocations = new Map<KeyId, Cuts[]>()
  readonly #closes = new Map<KeyId, Cuts[]>()
  /** Of each log the furthest place that owners named. */
  readonly #vouched = new Map<LogKey, Vouched>()
  readonly #epochs: EpochRecord[] = []
  /** Invites of archivists that may read. */
  readonly #sighted = new Set<KeyId>()
  #relayOnly = false

  constructor(rootKey: KeyId) {
    this.#rootKey = rootKey
  }

  get relayOnly(): boolean {
    return this.#relayOnly
  }

  get epochs(): readonly EpochRecord[] {
    return this.#epochs
  }

  /** Whether an owner lets the archivist read that this chain ends in: a key of epoch 0 was wrapped for it. */
  isSighted({ path, roles }: Standing): boolean {
    return path.some((key, step) => roles[step] === 'archivist' && this.#sighted.has(key))
  }

  get hasCuts(): boolean {
    return this.#revocations.size + this.#closes.size > 0
  }

  get revokedKeys(): KeyId[] {
    return [...this.#revocations.keys()]
  }

  isRevoked(key: KeyId): boolean {
    return this.#revocations.has(key)
  }

  /** `author` has been found to be an owner of this room. */
  add({ record, author, timeMs }: SignedRecord): void {
    if (record.type === 'epoch' && record.counter === 0) {
      // Everybody else has that key from the link: such a record says who reads although it is an archivist.
      for (const { recipient } of record.wraps) this.#sighted.add(recipient)
    } else if (record.type === 'epoch') this.#epochs.push(record)
    else if (record.type === 'policy') this.#relayOnly ||= record.relayOnly
    else {
      const byKey = record.type === 'revoke' ? this.#revocations : this.#closes
      const heads = new Map(record.heads.map(({ log, seq, hash }) => [log, { seq, hash }]))
      const cuts: Cuts = { author, byRoot: author === this.#rootKey, record, heads, timeMs }
      const known = byKey.get(record.key)
      if (known) known.push(cuts)
      else byKey.set(record.key, [cuts])
      for (const [log, head] of heads) {
        if (head.seq > (this.#vouched.get(log)?.seq ?? 0)) this.#vouched.set(log, head)
      }
    }
  }

  /** Whether this chain gives no right any more. */
  isVoid(standing: Standing): boolean {
    return this.#voiding(standing).length > 0
  }

  /** Revocations that a chain falls under: no two can contradict each other, since owners revoke only who is none. */
  #voiding(standing: Standing): Cuts[] {
    if (this.#revocations.size === 0) return []
    return standing.path.flatMap((key, step) =>
      (this.#revocations.get(key) ?? []).filter(({ byRoot, record }) => {
        const spared = record.type === 'revoke' && record.keep.includes(standing.key)
        return !spared && (byRoot || standing.roles[step] !== 'owner')
      }),
    )
  }

  /** Closings of an author's logs that a chain falls under. */
  #closing(author: KeyId, { notAfterMs, roles }: Standing): Cuts[] {
    const closes = this.#closes.get(author)
    if (!closes) return []
    return closes.filter(({ byRoot, timeMs }) => notAfterMs <= timeMs && (byRoot || roles.at(-1) !== 'owner'))
  }

  /** Whether all that an author could write under this chain is closed. */
  isClosed(author: KeyId, standing: Standing): boolean {
    return this.#closing(author, standing).length > 0
  }

  /**
   * How far a log stands when its author has these chains; `null` when nothing limits it. Records of one owner about one
   * key are parts of one; of several owners' revocations the lowest counts, of their closings the furthest, of several
   * chains the one that gives most.
   */
  cutOf(log: LogKey, author: KeyId, chains: readonly Standing[]): number | null {
    const byChain = chains.map((standing) =>
      Math.min(lowestOf(log, this.#voiding(standing)), furthestOf(log, this.#closing(author, standing))),
    )
    const cut = Math.max(...byChain)
    return Number.isFinite(cut) ? cut : null
  }

  /** The furthest place in a log that owners named: what they saw standing there stands, whatever is signed later. */
  vouchedOf(log: LogKey): Vouched | null {
    return this.#vouched.get(log) ?? null
  }
}

/** What any owner held of an ended author stands; Infinity without closings. */
function furthestOf(log: LogKey, closings: readonly Cuts[]): number {
  if (closings.length === 0) return Number.POSITIVE_INFINITY
  return Math.max(...closings.map(({ heads }) => heads.get(log)?.seq ?? 0))
}

/** Infinity without cuts. */
function lowestOf(log: LogKey, cuts: readonly Cuts[]): number {
  const byPart = new Map<string, number>()
  for (const { author, record, heads } of cuts) {
    const part = `${author} ${record.key}`
    byPart.set(part, Math.max(byPart.get(part) ?? 0, heads.get(log)?.seq ?? 0))
  }
  return Math.min(...byPart.values())
}
