/** The cryptographic ports over node:crypto: real algorithms, synchronous, keys from a seeded generator. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  verify as nodeVerify,
  pbkdf2Sync,
  sign,
} from 'node:crypto'
import type { AeadKey, Cipher, Keyring, Random, Signer, StoredKeys } from '../ports.ts'

const TAG_BYTES = 16
/** PrivateKeyInfo and SubjectPublicKeyInfo up to the 32 raw bytes (RFC 8410 §7, §4). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex')
const SPKI_X25519 = Buffer.from('302a300506032b656e032100', 'hex')
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')

/** sfc32 (Chris Doty-Humphrey), seeded with SHA-256 of the seed's text: equal seeds give equal streams. */
export function seededRandom(seed: number | string): Random {
  const state = new Uint32Array(new Uint8Array(createHash('sha256').update(String(seed)).digest()).buffer)
  let [a, b, c, counter] = state as unknown as [number, number, number, number]
  const next = (): number => {
    const sum = (a + b + counter) >>> 0
    counter = (counter + 1) >>> 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) >>> 0
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0
    return sum
  }
  return {
    bytes: (count) => Uint8Array.from({ length: count }, () => next() >>> 24),
    fraction: () => next() / 2 ** 32,
  }
}

function privateKey(prefix: Buffer, seed: Uint8Array): KeyObject {
  if (seed.length !== 32) throw new RangeError('a seed has 32 bytes')
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' })
}

/** The raw key is the end of its SubjectPublicKeyInfo. */
function rawPublicKey(key: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32))
}

function signerOf(signingSeed: Uint8Array, agreementSeed: Uint8Array): Signer {
  const key = privateKey(PKCS8_ED25519, signingSeed)
  const agreementPrivate = privateKey(PKCS8_X25519, agreementSeed)
  return {
    publicKey: rawPublicKey(key),
    agreementKey: rawPublicKey(agreementPrivate),
    sign: (message) => new Uint8Array(sign(null, message, key)),
    agree: (publicKey) => sharedSecret(agreementPrivate, publicKey),
  }
}

function sharedSecret(own: KeyObject, publicKey: Uint8Array): Uint8Array | null {
  if (publicKey.length !== 32) return null
  const key = createPublicKey({ key: Buffer.concat([SPKI_X25519, publicKey]), format: 'der', type: 'spki' })
  try {
    return new Uint8Array(diffieHellman({ privateKey: own, publicKey: key }))
  } catch {
    // Points of small order give all zeros, which OpenSSL refuses.
    return null
  }
}

function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  try {
    const key = createPublicKey({
      key: Buffer.concat([SPKI_ED25519, publicKey]),
      format: 'der',
      type: 'spki',
    })
    return nodeVerify(null, message, key, signature)
  } catch {
    // Bytes that are no point on the curve: whatever was signed with them does not verify.
    return false
  }
}

type SeedPair = { readonly signingSeed: Uint8Array; readonly agreementSeed: Uint8Array }

export function seededKeyring(random: Random): Keyring {
  return {
    generate: () => {
      const pair: SeedPair = { signingSeed: random.bytes(32), agreementSeed: random.bytes(32) }
      return pair as unknown as StoredKeys
    },
    signer: (stored) => {
      const { signingSeed, agreementSeed } = stored as unknown as SeedPair
      return signerOf(signingSeed, agreementSeed)
    },
    fromSeeds: signerOf,
    verify,
  }
}

function keyOf(bytes: Uint8Array): AeadKey {
  if (bytes.length !== 32) throw new RangeError('an AES-256 key has 32 bytes')
  return { bytes: bytes.slice() } as unknown as AeadKey
}

const bytesOf = (key: AeadKey): Uint8Array => (key as unknown as { bytes: Uint8Array }).bytes

export function seededCipher(random: Random): Cipher {
  return {
    importKey: keyOf,
    generateKey: () => keyOf(random.bytes(32)),
    encrypt: (key, iv, additionalData, plaintext) => {
      const cipher = createCipheriv('aes-256-gcm', bytesOf(key), iv).setAAD(additionalData)
      const body = cipher.update(plaintext)
      return new Uint8Array(Buffer.concat([body, cipher.final(), cipher.getAuthTag()]))
    },
    decrypt: (key, iv, additionalData, ciphertext) => {
      if (ciphertext.length < TAG_BYTES) return null
      const end = ciphertext.length - TAG_BYTES
      const decipher = createDecipheriv('aes-256-gcm', bytesOf(key), iv).setAAD(additionalData)
      decipher.setAuthTag(ciphertext.subarray(end))
      const body = decipher.update(ciphertext.subarray(0, end))
      try {
        return new Uint8Array(Buffer.concat([body, decipher.final()]))
      } catch {
        // `final` throws for one reason only: the tag does not match.
        return null
      }
    },
    stretch: (passphrase, salt, iterations) =>
      new Uint8Array(pbkdf2Sync(passphrase, salt, iterations, 32, 'sha256')),
  }
}
