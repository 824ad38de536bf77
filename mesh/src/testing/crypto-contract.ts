/** What every implementation of the cryptographic ports keeps to; runs under Vitest and Mocha alike. */
import { utf8 } from '@parley/protocol'
import type { Cipher, Keyring } from '../ports.ts'
import { assert, assertEqual, failureOf } from './assert.ts'
import type { TestFrame } from './storage-contract.ts'

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function unhex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
}

/** RFC 8032 §7.1, TEST 1 and TEST 2. */
const RFC_8032 = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
]
/** RFC 7748 §6.1, Bob. */
const RFC_7748 = {
  seed: '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
  publicKey: 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
}
/** The GCM specification (McGrew, Viega), test cases 13 and 14: all-zero key and iv. */
const GCM_EMPTY_TAG = '530f8afbc74536b9a963b4f1c4cb738b'
const GCM_ZERO_BLOCK = 'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919'
/** RFC 7914 §11, the first 32 bytes. */
const PBKDF2_ONE_ITERATION = '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc'

export function describeKeyring(frame: TestFrame, name: string, make: () => Keyring): void {
  const { describe, it } = frame
  const seed = unhex(RFC_7748.seed)

  describe(`Keyring: ${name}`, () => {
    it('signs and verifies the test vectors of RFC 8032 §7.1', async () => {
      const keyring = make()
      for (const vector of RFC_8032) {
        const signer = await keyring.fromSeeds(unhex(vector.seed), seed)
        const message = unhex(vector.message)
        assertEqual(hex(signer.publicKey), vector.publicKey)
        assertEqual(hex(await signer.sign(message)), vector.signature)
        assert(await keyring.verify(signer.publicKey, message, unhex(vector.signature)), 'verifies')
      }
    })

    it('agrees on the secret of RFC 7748 §6.1, and on none with a point of small order', async () => {
      const signer = await make().fromSeeds(new Uint8Array(32), unhex(RFC_7748.seed))
      const shared = await signer.agree(
        unhex('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a'),
      )
      assertEqual(
        hex(shared ?? new Uint8Array()),
        '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
      )
      assertEqual(await signer.agree(new Uint8Array(32)), null)
      assertEqual(await signer.agree(new Uint8Array(31)), null)
    })

    it('derives the agreement key of RFC 7748 §6.1 from its seed', async () => {
      const signer = await make().fromSeeds(new Uint8Array(32), unhex(RFC_7748.seed))
      assertEqual(hex(signer.agreementKey), RFC_7748.publicKey)
    })

    it('generates another pair each time, whose stored form signs again after cloning', async () => {
      const keyring = make()
      const stored = await keyring.generate()
      const [first, again] = [await keyring.signer(stored), await keyring.signer(structuredClone(stored))]
      const other = await keyring.signer(await keyring.generate())
      assertEqual(hex(again.publicKey), hex(first.publicKey))
      assertEqual(hex(again.agreementKey), hex(first.agreementKey))
      assert(hex(other.publicKey) !== hex(first.publicKey), 'another signing key')
      assert(hex(other.agreementKey) !== hex(first.agreementKey), 'another agreement key')
      const signature = await again.sign(utf8('hello'))
      assert(await keyring.verify(first.publicKey, utf8('hello'), signature), 'verifies')
      assert(!(await keyring.verify(other.publicKey, utf8('hello'), signature)), 'not by another key')
    })

    it('answers false to whatever does not verify, and never throws', async () => {
      const keyring = make()
      const signer = await keyring.signer(await keyring.generate())
      const message = utf8('message')
      const signature = await signer.sign(message)
      const cases: readonly (readonly [string, Uint8Array, Uint8Array, Uint8Array])[] = [
        ['other message', signer.publicKey, utf8('messagf'), signature],
        ['R changed', signer.publicKey, message, flipped(signature, 0)],
        ['S changed', signer.publicKey, message, flipped(signature, 40)],
        ['S not reduced', signer.publicKey, message, new Uint8Array(64).fill(255)],
        ['short signature', signer.publicKey, message, signature.subarray(1)],
        ['long signature', signer.publicKey, message, new Uint8Array(65)],
        ['short key', signer.publicKey.subarray(1), message, signature],
        ['empty key', new Uint8Array(), message, signature],
        ['no point on the curve', new Uint8Array(32).fill(255), message, signature],
        ['y = 2, no point either', Uint8Array.of(2, ...new Uint8Array(31)), message, signature],
      ]
      for (const [what, ...signed] of cases) assertEqual(await keyring.verify(...signed), false, what)
      assertEqual(await keyring.verify(signer.publicKey, message, signature), true, 'untouched')
    })

    it('refuses seeds of another length', async () => {
      const error = await failureOf(() => make().fromSeeds(new Uint8Array(31), seed))
      assert(error instanceof RangeError, `RangeError, got ${String(error)}`)
    })
  })
}

export function describeCipher(frame: TestFrame, name: string, make: () => Cipher): void {
  const { describe, it } = frame
  const iv = new Uint8Array(12)
  const none = new Uint8Array()

  describe(`Cipher: ${name}`, () => {
    it('encrypts as the GCM specification says, tag at the end', async () => {
      const cipher = make()
      const key = await cipher.importKey(new Uint8Array(32))
      assertEqual(hex(await cipher.encrypt(key, iv, none, none)), GCM_EMPTY_TAG)
      assertEqual(hex(await cipher.encrypt(key, iv, none, new Uint8Array(16))), GCM_ZERO_BLOCK)
    })

    it('opens what it sealed, with generated keys too, after cloning', async () => {
      const cipher = make()
      const key = await cipher.generateKey()
      const sealed = await cipher.encrypt(key, iv, utf8('header'), utf8('content'))
      const opened = await cipher.decrypt(structuredClone(key), iv, utf8('header'), sealed)
      assertEqual(hex(opened ?? none), hex(utf8('content')))
    })

    it('answers null when ciphertext, tag, iv, additional data or key is another', async () => {
      const cipher = make()
      const key = await cipher.generateKey()
      const sealed = await cipher.encrypt(key, iv, utf8('header'), utf8('content'))
      const cases: readonly (readonly [string, ReturnType<Cipher['decrypt']>])[] = [
        ['ciphertext', cipher.decrypt(key, iv, utf8('header'), flipped(sealed, 0))],
        ['tag', cipher.decrypt(key, iv, utf8('header'), flipped(sealed, sealed.length - 1))],
        ['iv', cipher.decrypt(key, flipped(iv, 3), utf8('header'), sealed)],
        ['additional data', cipher.decrypt(key, iv, utf8('Header'), sealed)],
        ['key', cipher.decrypt(await cipher.generateKey(), iv, utf8('header'), sealed)],
        ['cut', cipher.decrypt(key, iv, utf8('header'), sealed.subarray(0, -1))],
        ['shorter than a tag', cipher.decrypt(key, iv, utf8('header'), sealed.subarray(0, 15))],
        ['nothing', cipher.decrypt(key, iv, utf8('header'), none)],
      ]
      for (const [what, opened] of cases) assertEqual(await opened, null, what)
    })

    it('refuses keys of another length', async () => {
      const error = await failureOf(() => make().importKey(new Uint8Array(16)))
      assert(error instanceof RangeError, `RangeError, got ${String(error)}`)
    })

    it('stretches a passphrase as RFC 7914 §11 has it, and each iteration counts', async () => {
      const cipher = make()
      assertEqual(hex(await cipher.stretch('passwd', utf8('salt'), 1)), PBKDF2_ONE_ITERATION)
      assert(hex(await cipher.stretch('passwd', utf8('salt'), 2)) !== PBKDF2_ONE_ITERATION, 'another key')
    })
  })
}
