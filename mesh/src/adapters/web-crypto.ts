/** The cryptographic ports over WebCrypto: the same code in browsers and in Node. */
import { concatBytes, fromBase64Url, utf8 } from '@parley/protocol'
import { ParleyError } from '../errors.ts'
import type { AeadKey, Cipher, Keyring, Random, Signer, StoredKeys } from '../ports.ts'

const TAG_BYTES = 16
/** Longer requests are refused (Web Cryptography, getRandomValues). */
const RANDOM_BYTES_AT_ONCE = 65_536
/** Importing a key costs about as much as the signature check itself; a room has tens of authors. */
const CACHED_PUBLIC_KEYS = 256
/** PrivateKeyInfo up to the 32 raw bytes (RFC 8410 §7); the last but two bytes name the curve. */
const PKCS8_PREFIX = {
  Ed25519: Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32),
  X25519: Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 110, 4, 34, 4, 32),
} as const
type Curve = keyof typeof PKCS8_PREFIX

interface KeySet {
  readonly signingKey: CryptoKey
  readonly agreementPrivateKey: CryptoKey
  readonly publicKey: Uint8Array
  readonly agreementKey: Uint8Array
}

/** WebCrypto's types leave out arrays over shared memory; nothing here makes those. */
function source(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>
}

function subtleCrypto(): SubtleCrypto {
  const { subtle } = globalThis.crypto
  if (!subtle) throw new ParleyError('unsupported', 'WebCrypto needs a secure context (https or localhost)')
  return subtle
}

export const webRandom: Random = {
  bytes: (count) => {
    const out = new Uint8Array(count)
    for (let at = 0; at < count; at += RANDOM_BYTES_AT_ONCE) {
      crypto.getRandomValues(out.subarray(at, at + RANDOM_BYTES_AT_ONCE))
    }
    return out
  },
  fraction: () => Math.random(),
}

async function rawKey(subtle: SubtleCrypto, key: CryptoKey): Promise<Uint8Array> {
  return new Uint8Array(await subtle.exportKey('raw', key))
}

function signerOf(subtle: SubtleCrypto, keys: KeySet): Signer {
  return {
    publicKey: keys.publicKey,
    agreementKey: keys.agreementKey,
    sign: async (message) => new Uint8Array(await subtle.sign('Ed25519', keys.signingKey, source(message))),
    agree: (publicKey) => sharedSecret(subtle, keys.agreementPrivateKey, publicKey),
  }
}

async function sharedSecret(
  subtle: SubtleCrypto,
  own: CryptoKey,
  publicKey: Uint8Array,
): Promise<Uint8Array | null> {
  if (publicKey.length !== 32) return null
  try {
    const key = await subtle.importKey('raw', source(publicKey), 'X25519', false, [])
    return new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: key }, own, 256))
  } catch (error) {
    // Points of small order give all zeros, which WebCrypto refuses.
    if (error instanceof DOMException) return null
    throw error
  }
}

async function generateKeys(subtle: SubtleCrypto): Promise<KeySet> {
  const signing = (await subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair
  const agreement = (await subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair
  return {
    signingKey: signing.privateKey,
    agreementPrivateKey: agreement.privateKey,
    publicKey: await rawKey(subtle, signing.publicKey),
    agreementKey: await rawKey(subtle, agreement.publicKey),
  }
}

/** WebCrypto derives no public key by itself; a JWK export of the private key names it (RFC 8037 §2). */
async function keyOfSeed(subtle: SubtleCrypto, curve: Curve, seed: Uint8Array, usages: KeyUsage[]) {
  if (seed.length !== 32) throw new RangeError('a seed has 32 bytes')
  const pkcs8 = concatBytes(PKCS8_PREFIX[curve], seed)
  const exportable = await subtle.importKey('pkcs8', pkcs8, curve, true, usages)
  const { x } = await subtle.exportKey('jwk', exportable)
  const publicKey = fromBase64Url(x ?? '')
  if (publicKey?.length !== 32) throw new Error('WebCrypto exported no public key')
  return { privateKey: await subtle.importKey('pkcs8', pkcs8, curve, false, usages), publicKey }
}

async function keysOfSeeds(
  subtle: SubtleCrypto,
  signing: Uint8Array,
  agreement: Uint8Array,
): Promise<KeySet> {
  const ed25519 = await keyOfSeed(subtle, 'Ed25519', signing, ['sign'])
  const x25519 = await keyOfSeed(subtle, 'X25519', agreement, ['deriveBits'])
  return {
    signingKey: ed25519.privateKey,
    agreementPrivateKey: x25519.privateKey,
    publicKey: ed25519.publicKey,
    agreementKey: x25519.publicKey,
  }
}

/** Imported public keys by their bytes, the oldest dropped first. */
function publicKeyCache(subtle: SubtleCrypto): (bytes: Uint8Array) => Promise<CryptoKey> {
  const cache = new Map<string, Promise<CryptoKey>>()
  return (bytes) => {
    const name = bytes.join()
    const known = cache.get(name)
    if (known !== undefined) return known
    const imported = subtle.importKey('raw', source(bytes), 'Ed25519', false, ['verify'])
    cache.set(name, imported)
    const [oldest] = cache.keys()
    if (cache.size > CACHED_PUBLIC_KEYS && oldest !== undefined) cache.delete(oldest)
    return imported
  }
}

/** Throws `unsupported` outside a secure context. */
export function webKeyring(): Keyring {
  const subtle = subtleCrypto()
  const publicKeyOf = publicKeyCache(subtle)
  return {
    generate: async () => (await generateKeys(subtle)) as unknown as StoredKeys,
    signer: (stored) => signerOf(subtle, stored as unknown as KeySet),
    fromSeeds: async (...seeds) => signerOf(subtle, await keysOfSeeds(subtle, ...seeds)),
    verify: async (publicKey, message, signature) => {
      if (publicKey.length !== 32 || signature.length !== 64) return false
      try {
        const key = await publicKeyOf(publicKey)
        return await subtle.verify('Ed25519', key, source(signature), source(message))
      } catch (error) {
        // Some engines refuse bytes that are no point on the curve already at import.
        if (error instanceof DOMException) return false
        throw error
      }
    },
  }
}

const aeadKey = (key: CryptoKey): AeadKey => key as unknown as AeadKey
const cryptoKey = (key: AeadKey): CryptoKey => key as unknown as CryptoKey

function gcm(iv: Uint8Array, additionalData: Uint8Array): AesGcmParams {
  return {
    name: 'AES-GCM',
    iv: source(iv),
    additionalData: source(additionalData),
    tagLength: 8 * TAG_BYTES,
  }
}

/** Throws `unsupported` outside a secure context. */
export function webCipher(): Cipher {
  const subtle = subtleCrypto()
  return {
    importKey: async (bytes) => {
      if (bytes.length !== 32) throw new RangeError('an AES-256 key has 32 bytes')
      return aeadKey(await subtle.importKey('raw', source(bytes), 'AES-GCM', false, ['encrypt', 'decrypt']))
    },
    generateKey: async () =>
      aeadKey(await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])),
    encrypt: async (key, iv, additionalData, plaintext) =>
      new Uint8Array(await subtle.encrypt(gcm(iv, additionalData), cryptoKey(key), source(plaintext))),
    decrypt: async (key, iv, additionalData, ciphertext) => {
      if (ciphertext.length < TAG_BYTES) return null
      try {
        const algorithm = gcm(iv, additionalData)
        return new Uint8Array(await subtle.decrypt(algorithm, cryptoKey(key), source(ciphertext)))
      } catch (error) {
        // What WebCrypto says of a tag that does not match (Web Cryptography §29.4.2).
        if (error instanceof DOMException && error.name === 'OperationError') return null
        throw error
      }
    },
    stretch: async (passphrase, salt, iterations) => {
      const key = await subtle.importKey('raw', source(utf8(passphrase)), 'PBKDF2', false, ['deriveBits'])
      const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt: source(salt), iterations }
      return new Uint8Array(await subtle.deriveBits(algorithm, key, 256))
    },
  }
}
