/** Who may write what: the verified grant chains of everybody whose entries were met. */
import {
  type ChainVerdict,
  type DocName,
  equalBytes,
  type KeyId,
  mayWrite,
  type RoomId,
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
  | { readonly right: 'no' }

interface KnownChain {
  readonly bytes: Uint8Array
  readonly standing: Standing
}

export class AuthorBook {
  readonly #roomId: RoomId
  readonly #verify: Verify
  readonly #chains = new Map<KeyId, KnownChain[]>()
  readonly #onLearned: (key: KeyId, chains: readonly Uint8Array[]) => void
  /** Verdicts by chain, so that one offered on every link is verified once. */
  readonly #verdicts = new Map<string, Promise<ChainVerdict>>()

  constructor(
    roomId: RoomId,
    verify: Verify,
    onLearned: (key: KeyId, chains: readonly Uint8Array[]) => void,
  ) {
    this.#roomId = roomId
    this.#verify = verify
    this.#onLearned = onLearned
  }

  async learn(bytes: Uint8Array): Promise<ChainVerdict> {
    const name = toBase64Url(bytes)
    let verdict = this.#verdicts.get(name)
    if (!verdict) {
      if (this.#verdicts.size > 4096) this.#verdicts.clear()
      verdict = verifyChain(bytes.slice(), this.#roomId, this.#verify)
      this.#verdicts.set(name, verdict)
    }
    const settled = await verdict
    if (settled.ok) this.#keep(settled.standing, bytes)
    return settled
  }

  #keep(standing: Standing, bytes: Uint8Array): void {
    const known = this.#chains.get(standing.key) ?? []
    if (known.some((chain) => equalBytes(chain.bytes, bytes))) return
    known.push({ bytes: bytes.slice(), standing })
    known.sort((a, b) => b.standing.notAfterMs - a.standing.notAfterMs)
    known.splice(CHAINS_PER_KEY)
    this.#chains.set(standing.key, known)
    this.#onLearned(
      standing.key,
      known.map((chain) => chain.bytes),
    )
  }

  /** Chains of a key, the one that lasts longest first. */
  chainsOf(key: KeyId): readonly Uint8Array[] {
    return this.#chains.get(key)?.map((chain) => chain.bytes) ?? []
  }

  standingOf(key: KeyId): Standing | null {
    return this.#chains.get(key)?.[0]?.standing ?? null
  }

  /** Whether an entry of `doc` that `key` wrote at `timeMs` may stand. */
  rightOf(key: KeyId, doc: DocName, timeMs: number): Right {
    const chains = this.#chains.get(key)
    if (!chains) return { right: 'unknown' }
    const writers = chains.filter((chain) => mayWrite(chain.standing.role, doc))
    if (writers.length === 0) return { right: 'no' }
    return { right: writers.some((chain) => timeMs <= chain.standing.notAfterMs) ? 'yes' : 'expired' }
  }
}
