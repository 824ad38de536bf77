import { limits, toBase64Url } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { openSealedLink, sealLink } from './sealed-link.ts'
import { seededCipher, seededKeyring, seededRandom } from './testing/seeded-crypto.ts'

const random = seededRandom('sealed links')
const ports = { random, cipher: seededCipher(random), keyring: seededKeyring(random) }
const link = `https://parley.test/#r=room&q=${toBase64Url(random.bytes(32))}`

async function sealed() {
  const archivist = await ports.keyring.fromSeeds(random.bytes(32), random.bytes(32))
  return { archivist, bytes: await sealLink(ports, archivist.agreementKey, link) }
}

describe('a link sealed for an archivist', () => {
  it('[AR1] is opened by the archivist and by nobody else', async () => {
    const { archivist, bytes } = await sealed()
    expect(await openSealedLink(ports, archivist, bytes)).toBe(link)
    const other = await ports.keyring.fromSeeds(random.bytes(32), random.bytes(32))
    expect(await openSealedLink(ports, other, bytes)).toBeNull()
    expect(Buffer.from(bytes).includes('parley.test')).toBe(false)
  })

  it('[AR1] is different each time, so that nobody sees that it is the same room', async () => {
    const { archivist, bytes } = await sealed()
    const again = await sealLink(ports, archivist.agreementKey, link)
    expect(Buffer.from(again.slice(0, 44)).equals(Buffer.from(bytes.slice(0, 44)))).toBe(false)
  })

  it('[AR1] does not open when any byte was changed, or some are missing', async () => {
    const { archivist, bytes } = await sealed()
    for (const at of [0, 31, 32, 43, 44, bytes.length - 1]) {
      const changed = bytes.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(await openSealedLink(ports, archivist, changed)).toBeNull()
    }
    for (const length of [0, 31, 44, 59, bytes.length - 1]) {
      expect(await openSealedLink(ports, archivist, bytes.slice(0, length))).toBeNull()
    }
    expect(await openSealedLink(ports, archivist, new Uint8Array(limits.SEALED_LINK_BYTES + 1))).toBeNull()
  })

  it('[AR1] is refused for a key that gives no secret, and for a link that is too long', async () => {
    const { archivist } = await sealed()
    const refusal = { kind: 'archivist-refused' }
    await expect(sealLink(ports, new Uint8Array(32), link)).rejects.toMatchObject(refusal)
    const long = 'x'.repeat(limits.SEALED_LINK_BYTES - 59)
    await expect(sealLink(ports, archivist.agreementKey, long)).rejects.toMatchObject(refusal)
    const longest = await sealLink(ports, archivist.agreementKey, long.slice(1))
    expect(longest).toHaveLength(limits.SEALED_LINK_BYTES)
  })
})
