/** The token of the operator of a signaling server, as the application hands it to the room. */
import { RENEW_AT_LEAST_MS, RENEW_AT_MOST_MS, RENEW_BEFORE_MS, TOKEN_TIMEOUT_MS } from '../limits.ts'
import type { Clock, Unsubscribe } from '../ports.ts'

/**
 * Asked with the address that is about to be dialled, before each dial and before the last token ends; `null` for a server
 * that needs none. A rejection is tried again with backoff. A text is sent to every address, and never renewed.
 */
export type OperatorToken = string | ((signalingUrl: string) => Promise<string | null>)

/** Unix milliseconds of the end that a JSON Web Token claims (RFC 7519 §4.1.4), `null` for any other text. */
export function claimedEndMs(token: string): number | null {
  const payload = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(token)?.[1]
  if (payload === undefined) return null
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))
    const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : null
    return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : null
  } catch {
    // Not base64 or not JSON: some other kind of token, which only its server can read.
    return null
  }
}

/** How long to wait before the next token is asked for, in milliseconds; `null` for a token without an end. */
export function renewInMs(token: string, nowMs: number): number | null {
  const endMs = claimedEndMs(token)
  if (endMs === null) return null
  return Math.min(RENEW_AT_MOST_MS, Math.max(RENEW_AT_LEAST_MS, endMs - nowMs - RENEW_BEFORE_MS))
}

export class TokenSource {
  readonly #token: OperatorToken
  readonly #clock: Clock

  constructor(token: OperatorToken, clock: Clock) {
    this.#token = token
    this.#clock = clock
  }

  /** Whether asking again may bring another one. */
  get renews(): boolean {
    return typeof this.#token === 'function'
  }

  /** Rejects when the application does, or has not answered after {@link TOKEN_TIMEOUT_MS}. */
  async ask(url: string): Promise<string | null> {
    if (typeof this.#token === 'string') return this.#token
    let cancel: Unsubscribe = () => undefined
    const tooLate = new Promise<never>((_resolve, reject) => {
      cancel = this.#clock.after(TOKEN_TIMEOUT_MS, () => reject(new Error('no token in time')))
    })
    try {
      return await Promise.race([this.#token(url), tooLate])
    } finally {
      cancel()
    }
  }

  /** Sends a new token before the last one ends, until the returned function is called. */
  keepFresh(url: string, token: string, send: (token: string) => void): Unsubscribe {
    let stopped = false
    let cancel: Unsubscribe = () => undefined
    const askLater = (delayMs: number | null) => {
      if (delayMs !== null && !stopped) cancel = this.#clock.after(delayMs, () => void renew())
    }
    const renew = async () => {
      let next: string | null
      try {
        next = await this.ask(url)
      } catch {
        // The provider may be back before the token ends; when it is not, the server says so.
        return askLater(RENEW_AT_LEAST_MS)
      }
      if (stopped || next === null) return
      send(next)
      askLater(renewInMs(next, this.#clock.nowMs()))
    }
    if (this.renews) askLater(renewInMs(token, this.#clock.nowMs()))
    return () => {
      stopped = true
      cancel()
    }
  }
}
