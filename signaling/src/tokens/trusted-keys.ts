/** The keys that operator tokens may be signed with: read again when they are old or one is missing, kept when that fails. */
import { type CryptoKey, createLocalJWKSet, errors, type JWSHeaderParameters } from 'jose'
import { type KeySource, KeysUnreadable } from './key-source.ts'

export interface KeyEvents {
  read(keyCount: number): void
  /** What was read before stays in use. */
  failed(reason: string): void
}

type KeySet = ReturnType<typeof createLocalJWKSet>

/** Throws {@link KeysUnreadable}. */
function parseKeySet(text: string): { readonly keys: KeySet; readonly count: number } {
  try {
    const keys = createLocalJWKSet(JSON.parse(text))
    const all = keys.jwks().keys
    // What a server holds to verify must not be enough to sign.
    if (all.some((key) => 'd' in key || 'k' in key)) throw new KeysUnreadable('holds a secret key')
    return { keys, count: all.length }
  } catch (error) {
    if (error instanceof KeysUnreadable) throw error
    if (error instanceof SyntaxError || error instanceof errors.JWKSInvalid) {
      throw new KeysUnreadable('not a JSON Web Key Set')
    }
    throw error
  }
}

export class TrustedKeys {
  readonly #source: KeySource
  readonly #events: KeyEvents
  readonly #nowMs: () => number
  #keys: KeySet | null = null
  #readAtMs = Number.NEGATIVE_INFINITY
  #triedAtMs = Number.NEGATIVE_INFINITY
  #pending: Promise<void> | null = null

  /** @param nowMs milliseconds of a clock that never goes back */
  constructor(source: KeySource, events: KeyEvents, nowMs: () => number) {
    this.#source = source
    this.#events = events
    this.#nowMs = nowMs
  }

  /** Rejects with {@link KeysUnreadable}. */
  async read(): Promise<void> {
    this.#triedAtMs = this.#nowMs()
    const text = await this.#source.read()
    if (text !== null) {
      const { keys, count } = parseKeySet(text)
      this.#keys = keys
      this.#events.read(count)
    }
    this.#readAtMs = this.#nowMs()
  }

  /**
   * The one public key with the header's `kid` that fits its `alg`; whatever else the header names (`jwk`, `jku`, `x5u`)
   * is never looked at. Rejects with `JWKSNoMatchingKey`.
   */
  async keyFor({ kid, alg }: JWSHeaderParameters): Promise<CryptoKey> {
    if (typeof kid !== 'string' || typeof alg !== 'string') throw new errors.JWKSNoMatchingKey()
    if (this.#nowMs() - this.#readAtMs >= this.#source.maxAgeMs) await this.#refresh()
    const known = await this.#select(kid, alg)
    if (known) return known
    await this.#refresh()
    const found = await this.#select(kid, alg)
    if (!found) throw new errors.JWKSNoMatchingKey()
    return found
  }

  async #select(kid: string, alg: string): Promise<CryptoKey | null> {
    try {
      return (await this.#keys?.({ kid, alg })) ?? null
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return null
      if (error instanceof errors.JOSEError) throw error
      // The set has the key, but it is none: WebCrypto and Node each have their own errors for that.
      this.#events.failed('a key that cannot be used')
      throw new errors.JWKSInvalid('unusable key', { cause: error })
    }
  }

  /** Never rejects; everybody who waits shares one read, and within the cool-down there is none. */
  #refresh(): Promise<void> {
    if (this.#pending) return this.#pending
    if (this.#nowMs() - this.#triedAtMs < this.#source.coolDownMs) return Promise.resolve()
    this.#pending = this.read()
      .catch((error: unknown) => {
        if (!(error instanceof KeysUnreadable)) throw error
        this.#events.failed(error.message)
      })
      .finally(() => {
        this.#pending = null
      })
    return this.#pending
  }
}
