/** Who may write what: the verified grant chains of everybody whose entries were met. */
import {
  type ChainVerdict,
  equalBytes,
  type KeyId,
  mayWrite,
  ROLES,
  type RoomId,
  type SealedEntry,
  type Standing,
  toBase64Url,
  type Verify,
  verifyChain,
} from '@parley/protocol'

/** Chains kept per key: a renewal adds one. */
const CHAINS_PER_KEY = 8

export type Right =
  | { readonly right: 'yes' }
  /** No chain of this key is known (yet): no wait, no blame. */
  | { readonly right: 'unknown' }
  /** All known chains ended before the entry was written; a renewal may come. */
  | { readonly right: 'expired' }
  /** Its author was revoked, or its log cut, before it: kept only where something that stands builds on it. */
  | { readonly right: 'beyond' }
  | { readonly right: 'no' }

interface KnownChain {
  readonly bytes: Uint8Array
  readonly standing: Standing
  /** Its own subject showed it, over a connection that it proved: nobody else's chains push it out. */
  shown: boolean
}

export class AuthorBook {
  readonly #roomId: RoomId
  readonly #verify: Verify
  readonly #isVoid: (standing: Standing) => boolean
  readonly #chains = new Map<KeyId, KnownChain[]>()
  readonly #onLearned: (key: KeyId, chains: readonly Uint8Array[]) => void
  /** Verdicts by chain, so that one offered on every link is verified once. */
  readonly #verdicts = new Map<string, Promise<ChainVerdict>>()

  constructor(
    roomId: RoomId,
    verify: Verify,
    isVoid: (standing: Standing) => boolean,
    onLearned: (key: KeyId, chains: readonly Uint8Array[]) => void,
  ) {
    this.#roomId = roomId
    this.#verify = verify
    this.#isVoid = isVoid
    this.#onLearned = onLearned
  }

  /** `shown`: by the subject itself, in a handshake. */
  async learn(bytes: Uint8Array, shown = false): Promise<ChainVerdict> {
    const name = toBase64Url(bytes)
    let verdict = this.#verdicts.get(name)
    if (!verdict) {
      if (this.#verdicts.size > 4096) this.#verdicts.clear()
      verdict = verifyChain(bytes.slice(), this.#roomId, this.#verify)
      this.#verdicts.set(name, verdict)
    }
    const settled = await verdict
    if (settled.ok) this.#keep(settled.standing, bytes, shown)
    return settled
  }

  #keep(standing: Standing, bytes: Uint8Array, shown: boolean): void {
    const known = this.#chains.get(standing.key) ?? []
    const same = known.find((chain) => equalBytes(chain.bytes, bytes))
    if (same) {
      same.shown ||= shown
      return
    }
    known.push({ bytes: bytes.slice(), standing, shown })
    known.sort((a, b) => this.#precedence(a, b))
    known.splice(CHAINS_PER_KEY)
    this.#chains.set(standing.key, known)
    this.#onLearned(
      standing.key,
      known.map((chain) => chain.bytes),
    )
  }

  /** What a key showed itself, then what still gives a right, the highest role, the latest end. */
  #precedence(a: KnownChain, b: KnownChain): number {
    const rank = ({ standing: { role } }: KnownChain) => (role === 'archivist' ? -1 : ROLES.indexOf(role))
    return (
      Number(b.shown) - Number(a.shown) ||
      Number(this.#isVoid(a.standing)) - Number(this.#isVoid(b.standing)) ||
      rank(b) - rank(a) ||
      b.standing.notAfterMs - a.standing.notAfterMs
    )
  }

  /** Whether this key has proved itself here, in this run. */
  hasShownItself(key: KeyId): boolean {
    return this.#chains.get(key)?.some((chain) => chain.shown) ?? false
  }

  /** Chains of a key, what counts most first. */
  chainsOf(key: KeyId): readonly Uint8Array[] {
    return this.#chains.get(key)?.map((chain) => chain.bytes) ?? []
  }

  standingOf(key: KeyId): Standing | null {
    return this.#chains.get(key)?.[0]?.standing ?? null
  }

  /** The best standing that still gives a right, `null` when none does. */
  validStandingOf(key: KeyId): Standing | null {
    return this.standingsOf(key).find((standing) => !this.#isVoid(standing)) ?? null
  }

  standingsOf(key: KeyId): Standing[] {
    return this.#chains.get(key)?.map((chain) => chain.standing) ?? []
  }

  keys(): IterableIterator<KeyId> {
    return this.#chains.keys()
  }

  /** Whether an entry may stand, `cut` being how far its log does (`null`: without limit). */
  rightOf(entry: Pick<SealedEntry, 'author' | 'doc' | 'timeMs' | 'seq'>, cut: number | null): Right {
    const known = this.standingsOf(entry.author)
    if (known.length === 0) return { right: 'unknown' }
    const writers = known.filter((standing) => mayWrite(standing.role, entry.doc))
    if (writers.length === 0) return { right: 'no' }
    if (!writers.some((standing) => entry.timeMs <= standing.notAfterMs)) return { right: 'expired' }
    return { right: cut === null || entry.seq <= cut ? 'yes' : 'beyond' }
  }
}
