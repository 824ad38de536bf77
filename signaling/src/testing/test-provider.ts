/** An identity provider for tests: keys, tokens right and wrong, and a web server that publishes the keys. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

export const ISSUER = 'https://id.example'
export const AUDIENCE = 'parley-signaling'

export interface TestKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

export async function testKey(kid: string, alg = 'EdDSA'): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

export function keySetText(...keys: readonly TestKey[]): string {
  return JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) })
}

export interface TokenParts {
  readonly header?: Readonly<Record<string, unknown>>
  /** Claims over the usual ones; `undefined` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly signWith?: CryptoKey | Uint8Array
}

/** A token that holds for `rooms` for a minute, but for what `parts` says otherwise. */
export function testToken(key: TestKey, rooms: unknown, parts: TokenParts = {}): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000)
  const claims = { iss: ISSUER, aud: AUDIENCE, exp: nowS + 60, rooms, ...parts.claims }
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...parts.header })
    .sign(parts.signWith ?? key.privateKey, { crit: { parley: true } })
}

export interface TestWebServer {
  readonly url: string
  close(): Promise<void>
}

/** Answers every request by `listener`, on a port that the system chooses or on a given one. */
export async function serveHttp(listener: RequestListener, port = 0): Promise<TestWebServer> {
  const server = createServer(listener).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
