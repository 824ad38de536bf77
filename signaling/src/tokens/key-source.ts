/** Where the public keys of operator tokens are read: a file, or the address that an identity provider publishes. */
import { readFile, stat } from 'node:fs/promises'
import { boundedText } from '../bounded-text.ts'
import { KEY_SET_BYTES, KEYS_COOL_DOWN_MS, KEYS_MAX_AGE_MS, KEYS_TIMEOUT_MS } from '../limits.ts'

export interface KeySource {
  /** After so long keys are read again, whether or not somebody misses one. */
  readonly maxAgeMs: number
  /** Least time between two reads, so that unknown keys in made-up tokens cause no load elsewhere. */
  readonly coolDownMs: number
  /** Text of a JSON Web Key Set (RFC 7517 §5), `null` when it is the same as before. Rejects with {@link KeysUnreadable}. */
  read(): Promise<string | null>
}

/** Its message says nothing of what was read, which may be a private key by mistake. */
export class KeysUnreadable extends Error {}

export function keySource(from: string): KeySource {
  return /^https?:\/\//.test(from) ? urlKeys(from) : fileKeys(from)
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code } = (error.cause ?? error) as { readonly code?: unknown }
  return typeof code === 'string' ? code : error.name
}

/** Looked at for every token: the look costs less than the signature, and a rotation counts at once. */
export function fileKeys(file: string): KeySource {
  let seen = ''
  const read = async () => {
    const facts = await stat(file, { bigint: true })
    const now = [facts.dev, facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].join()
    if (now === seen) return null
    if (facts.size > KEY_SET_BYTES) throw new KeysUnreadable(`more than ${KEY_SET_BYTES} bytes`)
    const text = await readFile(file, 'utf8')
    seen = now
    return text
  }
  return {
    maxAgeMs: 0,
    coolDownMs: 0,
    read: () => read().catch((error: unknown) => Promise.reject(asUnreadable(error))),
  }
}

function asUnreadable(error: unknown): KeysUnreadable {
  return error instanceof KeysUnreadable ? error : new KeysUnreadable(causeOf(error))
}

export function urlKeys(
  url: string,
  { maxAgeMs = KEYS_MAX_AGE_MS, coolDownMs = KEYS_COOL_DOWN_MS, timeoutMs = KEYS_TIMEOUT_MS } = {},
): KeySource {
  const read = async () => {
    const response = await fetch(url, {
      // The address was chosen by the operator: nobody else may send the server elsewhere.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      headers: { accept: 'application/jwk-set+json, application/json' },
    })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new KeysUnreadable(`HTTP ${response.status}`)
    }
    const text = await boundedText(response, KEY_SET_BYTES)
    if (text === null) throw new KeysUnreadable(`more than ${KEY_SET_BYTES} bytes`)
    return text
  }
  return {
    maxAgeMs,
    coolDownMs,
    read: () => read().catch((error: unknown) => Promise.reject(asUnreadable(error))),
  }
}
