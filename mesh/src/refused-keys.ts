/** Keys whose signed rule-breaking was seen: their links end, and there is none to them for a while. */
import type { CloseReason, KeyId } from '@parley/protocol'
import { REFUSED_KEY_MS } from './limits.ts'
import type { Log } from './ports.ts'

export interface RefusedKeysDeps {
  readonly nowMs: () => number
  readonly log: Log
  readonly closeLinks: (key: KeyId, reason: CloseReason, detail: string) => void
  /** Once for each while that a key is refused. */
  readonly onRefused: (author: KeyId, reason: CloseReason, detail: string) => void
}

export class RefusedKeys {
  readonly #deps: RefusedKeysDeps
  readonly #refused = new Map<KeyId, { readonly reason: CloseReason; readonly untilMs: number }>()

  constructor(deps: RefusedKeysDeps) {
    this.#deps = deps
  }

  /** It signed what it must not. */
  refuse(author: KeyId, reason: CloseReason, detail: string): void {
    const known = this.refusalOf(author) !== null
    this.shutOut(author, reason, detail)
    this.#deps.log('warn', 'author-refused', { reason, detail })
    if (!known) this.#deps.onRefused(author, reason, detail)
  }

  /** The same without a word to whoever is here. */
  shutOut(key: KeyId, reason: CloseReason, detail: string): void {
    this.#refused.set(key, { reason, untilMs: this.#deps.nowMs() + REFUSED_KEY_MS })
    this.#deps.closeLinks(key, reason, detail)
  }

  /** `null`: nothing is held against it. */
  refusalOf(key: KeyId): CloseReason | null {
    const refused = this.#refused.get(key)
    return refused && refused.untilMs > this.#deps.nowMs() ? refused.reason : null
  }
}
