/**
 * Short-lived TURN credentials that need no account: who holds the secret can check them alone (coturn's
 * `use-auth-secret`; draft-uberti-behave-turn-rest). The user name is `expiry:user`, the password
 * base64(HMAC-SHA1(secret, user name)). Pure. Rules: docs/spec.md, TN.
 */
import { createHmac } from 'node:crypto'
import {
  CREDENTIAL_TTL_MOST_S,
  CREDENTIAL_TTL_S,
  SECRET_CHARACTERS_LEAST,
  SECRET_CHARACTERS_MOST,
  USER_CHARACTERS,
} from './limits.ts'

export interface TurnCredential {
  readonly username: string
  readonly credential: string
  /** Unix time in milliseconds; allocations that exist by then live on until they have to be refreshed. */
  readonly expiresAtMs: number
}

export interface MintOptions {
  readonly secret: string
  /** The proven key of the device, base64url: its first characters are what quotas count by. */
  readonly key: string
  readonly nowMs: number
  /** Seconds; at most {@link CREDENTIAL_TTL_MOST_S} are given, whatever is asked for. */
  readonly ttlSeconds?: number
}

export function mintCredential({
  secret,
  key,
  nowMs,
  ttlSeconds = CREDENTIAL_TTL_S,
}: MintOptions): TurnCredential {
  const ttl = Math.max(1, Math.min(Math.floor(ttlSeconds), CREDENTIAL_TTL_MOST_S))
  const expiresAtS = Math.floor(nowMs / 1000) + ttl
  const username = `${expiresAtS}:${key.slice(0, USER_CHARACTERS)}`
  const credential = createHmac('sha1', secret).update(username).digest('base64')
  return { username, credential, expiresAtMs: expiresAtS * 1000 }
}

/** Printable, without what coturn's file gives a meaning to (`#`, quotes, spaces). */
const SECRET = /^[A-Za-z0-9_+/=.~-]+$/

/**
 * The secrets of a secret file, one a line. The first one mints; all of them are accepted, so that a new one can be
 * put on top before the old one goes. `null` when there is none, or one that is too short, too long or not plain.
 */
export function parseSecrets(text: string): readonly [string, ...string[]] | null {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const [first, ...others] = lines
  const usable = (line: string) =>
    SECRET.test(line) && line.length >= SECRET_CHARACTERS_LEAST && line.length <= SECRET_CHARACTERS_MOST
  return first !== undefined && lines.length <= 4 && lines.every(usable) ? [first, ...others] : null
}
