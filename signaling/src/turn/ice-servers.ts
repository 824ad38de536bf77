/**
 * What a client is told about STUN and TURN: the operator's own list, and credentials minted for its proven key. Pure.
 * Rules: docs/spec.md, SG16 and TN.
 */
import type { IceServer, KeyId } from '@parley/protocol'
import { mintCredential } from '@parley/turn'

export interface IceSource {
  /** As configured, credentials included. */
  readonly fixed: readonly IceServer[]
  readonly stunUrls: readonly string[]
  readonly turn: { readonly urls: readonly string[]; readonly secret: string } | null
}

export const NO_ICE: IceSource = { fixed: [], stunUrls: [], turn: null }

/** As in a URL: without the port. The name `localhost` may lead to an address that the relay does not listen on. */
function bareHost(host: string): string {
  const bare = host.replace(/:\d+$/, '')
  return bare === 'localhost' ? '127.0.0.1' : bare
}

/** What one client has been told, and when it is to be told anew. */
export class IceOffer {
  readonly #source: IceSource
  readonly #key: KeyId
  readonly #host: string
  #renewAtMs = Number.POSITIVE_INFINITY

  /** `host` is the one that the client proved to have dialled, `key` the one that it proved to hold. */
  constructor(source: IceSource, key: KeyId, host: string) {
    this.#source = source
    this.#key = key
    this.#host = bareHost(host)
  }

  /** Fresh credentials, which are to be replaced at half of their life. */
  make(nowMs: number): IceServer[] {
    const { fixed, stunUrls, turn } = this.#source
    const here = (urls: readonly string[]) => urls.map((url) => url.replace('{host}', this.#host))
    const servers: IceServer[] = [...fixed]
    if (stunUrls.length > 0) servers.push({ urls: here(stunUrls) })
    if (turn) {
      const { username, credential, expiresAtMs } = mintCredential({
        secret: turn.secret,
        key: this.#key,
        nowMs,
      })
      this.#renewAtMs = nowMs + (expiresAtMs - nowMs) / 2
      servers.push({ urls: here(turn.urls), username, credential })
    }
    return servers
  }

  /** `null` while what the client has is good enough. */
  renewal(nowMs: number): IceServer[] | null {
    return nowMs >= this.#renewAtMs ? this.make(nowMs) : null
  }
}
