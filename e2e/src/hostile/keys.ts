/** Keys and ciphers of a client that is not ours: Node's own cryptography, nothing of the mesh. */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
} from 'node:crypto'
import { concatBytes, fromBase64Url, IV_BYTES } from '@parley/protocol'

/** PKCS #8 headers of RFC 8410 §7: the raw 32 bytes follow. */
const ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')
const X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex')
const TAG_BYTES = 16

export interface Keys {
  readonly publicKey: Uint8Array
  readonly agreementKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

function privateKey(header: Buffer, seed: Uint8Array): ReturnType<typeof createPrivateKey> {
  return createPrivateKey({ key: Buffer.concat([header, seed]), format: 'der', type: 'pkcs8' })
}

function publicBytes(key: ReturnType<typeof createPrivateKey>): Uint8Array {
  return fromBase64Url(createPublicKey(key).export({ format: 'jwk' }).x as string) as Uint8Array
}

export function random(count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(count))
}

export function keysOf(signingSeed: Uint8Array, agreementSeed: Uint8Array = random(32)): Keys {
  const signing = privateKey(ED25519, signingSeed)
  return {
    publicKey: publicBytes(signing),
    agreementKey: publicBytes(privateKey(X25519, agreementSeed)),
    sign: (message) => new Uint8Array(sign(null, message, signing)),
  }
}

/** iv ‖ ciphertext ‖ tag. */
export function seal(key: Uint8Array, additionalData: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const iv = random(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(additionalData)
  return concatBytes(iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag())
}

/** Throws when it was not sealed so. */
export function open(key: Uint8Array, additionalData: Uint8Array, sealed: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.slice(0, IV_BYTES)).setAAD(additionalData)
  decipher.setAuthTag(sealed.slice(-TAG_BYTES))
  return concatBytes(decipher.update(sealed.slice(IV_BYTES, -TAG_BYTES)), decipher.final())
}
