import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8 } from './bytes.ts'

/** FIPS 180-4, synchronous: for the few hundred bytes of an entry a WebCrypto round trip costs more. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = nobleSha256.create()
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/**
 * What a signature in Parley is made over: its context string first, so that no signature can be offered where
 * another kind is expected.
 */
export function withContext(context: string, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return concatBytes(utf8(context), ...parts)
}

/** RFC 5869 with SHA-256 and no salt (the input keys are uniformly random); 32 bytes. */
export function deriveKey(key: Uint8Array, info: string): Uint8Array {
  return hkdf(nobleSha256, key, undefined, utf8(info), 32)
}
