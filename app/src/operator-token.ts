/**
 * The token of the server's operator, where the page was told to ask for one (docs/operations-tokens.md): at a path of
 * its own origin, with the cookies that a person who has signed in has. Nothing but this origin is asked or told.
 */
import { Store } from './store.ts'

/** Why there is none: nobody is signed in, or what answered gave no token. */
export type TokenFault = 'signed-out' | 'token-unavailable'

/** As `--token-path` takes it: a path, and never another host. */
const PATH = /^\/[\w.~-][\w./~-]*$/
/** What signaling takes at most (docs/spec.md, SG15). */
const TOKEN_CHARACTERS = 4096
/** A JSON Web Token: three parts of base64url. A page to sign in at is none. */
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/
/** How oauth2-proxy and proxies like it hand an access token over. */
const TOKEN_HEADER = 'x-auth-request-access-token'

/** Of a page: where to ask, or `null`. */
export function tokenPathOf(page: Pick<Document, 'querySelector'>): string | null {
  const content = page.querySelector('meta[name="parley-token-path"]')?.getAttribute('content') ?? ''
  return PATH.test(content) ? content : null
}

/** The token in an answer: in a header, as text, or as `access_token` of JSON (RFC 6749 §5.1). */
function tokenIn(header: string | null, body: string): string | null {
  const text = header ?? accessToken(body) ?? body.trim()
  return text.length <= TOKEN_CHARACTERS && TOKEN.test(text) ? text : null
}

function accessToken(body: string): string | null {
  if (!body.trimStart().startsWith('{')) return null
  try {
    const { access_token } = JSON.parse(body) as { access_token?: unknown }
    return typeof access_token === 'string' ? access_token : null
  } catch {
    // Neither JSON nor, then, a token: the caller sees that it is none.
    return null
  }
}

/** Asks for tokens; its value is why the last time brought none, `null` when it did or could not be asked. */
export class TokenDesk extends Store<TokenFault | null> {
  readonly #path: string
  readonly #page: Pick<Location, 'host'>
  readonly #fetch: typeof fetch

  constructor(path: string, page: Pick<Location, 'host'>, ask: typeof fetch) {
    super(null)
    this.#path = path
    this.#page = page
    this.#fetch = ask
  }

  /** For the own origin's signaling alone: who runs another server could use the token. Rejects without a token. */
  async ask(signalingUrl: string): Promise<string | null> {
    if (new URL(signalingUrl).host !== this.#page.host) return null
    const answer = await this.#answer()
    this.set(answer.fault)
    if (answer.fault !== null) throw new Error(answer.fault)
    return answer.token
  }

  /** Rejects when nothing answers: that is being offline, which the room says anyway. */
  async #answer(): Promise<{ fault: null; token: string } | { fault: TokenFault }> {
    const response = await this.#fetch(this.#path, {
      credentials: 'same-origin',
      cache: 'no-store',
      // A proxy sends who is not signed in to a page for it, which is nothing to follow here.
      redirect: 'manual',
      headers: { Accept: 'application/json, text/plain' },
    })
    if (response.type === 'opaqueredirect' || response.status === 401 || response.status === 403)
      return { fault: 'signed-out' }
    const token = response.ok ? tokenIn(response.headers.get(TOKEN_HEADER), await response.text()) : null
    return token === null ? { fault: 'token-unavailable' } : { fault: null, token }
  }
}
