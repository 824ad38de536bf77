import { describe, expect, it } from 'vitest'
import { describeCipher, describeKeyring } from '../testing/crypto-contract.ts'
import { checkSupport } from './check-support.ts'
import { webCipher, webKeyring, webRandom } from './web-crypto.ts'

describeKeyring({ describe, it }, 'WebCrypto', webKeyring)
describeCipher({ describe, it }, 'WebCrypto', webCipher)

describe('WebCrypto keys', () => {
  it('cannot be exported', async () => {
    const stored = await webKeyring().generate()
    const values: unknown[] = Object.values(stored)
    const keys = values.filter((value) => value instanceof CryptoKey)
    expect(keys.map((key) => [key.type, key.extractable])).toEqual([
      ['private', false],
      ['private', false],
    ])
    const aead: unknown = await webCipher().generateKey()
    expect(aead).toMatchObject({ extractable: false })
  })
})

describe('webRandom', () => {
  it('gives more bytes than WebCrypto does at once, none of them left out', () => {
    const bytes = webRandom.bytes(200_000)
    for (let at = 0; at < bytes.length; at += 1000) {
      expect(bytes.subarray(at, at + 1000).some((byte) => byte !== 0)).toBe(true)
    }
  })
})

describe('checkSupport', () => {
  it('finds out what Node has and what only a page has', async () => {
    expect(await checkSupport()).toEqual({
      secureContext: true,
      ed25519: true,
      x25519: true,
      webRtc: false,
      indexedDb: false,
    })
  })
})
