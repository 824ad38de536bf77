import { createHash, createPublicKey, verify } from 'node:crypto'

/**
 * Ed25519 (RFC 8032 §5.1.7); false, never an exception, for whatever does not verify. Keys are imported as JSON Web Keys
 * (RFC 8037 §2): that takes Node 10 µs, and 100 from DER, nearly as long as the signature itself.
 */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const x = Buffer.from(publicKey).toString('base64url')
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    return verify(null, message, key, signature)
  } catch {
    // OpenSSL refuses some encodings with an exception; to a caller they are signatures that do not verify.
    return false
  }
}

type VerifyNow = typeof verifyEd25519

/**
 * Remembers the last `most` signatures that verified, so that grants which many chains share, or come again with every
 * connection, are verified once. What verified once verifies always; what did not is not remembered.
 */
export function rememberVerified(verifyNow: VerifyNow, most: number): VerifyNow {
  const known = new Set<string>()
  return (publicKey, message, signature) => {
    // Lengths are fixed by the check below, so that no two triples give the same bytes.
    if (publicKey.length !== 32 || signature.length !== 64) return false
    const name = createHash('sha256').update(publicKey).update(signature).update(message).digest('base64')
    const verified = known.delete(name) || verifyNow(publicKey, message, signature)
    if (verified) known.add(name)
    if (known.size > most) known.delete(known.values().next().value as string)
    return verified
  }
}
