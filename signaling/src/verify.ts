import { createPublicKey, verify } from 'node:crypto'

/** SubjectPublicKeyInfo of an Ed25519 key (RFC 8410 §4) up to the 32 bytes of the key itself. */
const SPKI_HEADER = Buffer.from('302a300506032b6570032100', 'hex')

/** Ed25519 (RFC 8032 §5.1.7); false, never an exception, for whatever does not verify. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const der = Buffer.concat([SPKI_HEADER, publicKey])
  try {
    return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
  } catch {
    // OpenSSL refuses some encodings with an exception; to a caller they are signatures that do not verify.
    return false
  }
}
