import { describe, expect, it } from 'vitest'
import { describeCipher, describeKeyring } from './crypto-contract.ts'
import { seededCipher, seededKeyring, seededRandom } from './seeded-crypto.ts'

describeKeyring({ describe, it }, 'seeded', () => seededKeyring(seededRandom('contract')))
describeCipher({ describe, it }, 'seeded', () => seededCipher(seededRandom('contract')))

describe('seededRandom', () => {
  it('gives the same for the same seed, something else for another', () => {
    const of = (seed: string) => seededRandom(seed).bytes(64)
    expect(of('a')).toEqual(of('a'))
    expect(of('a')).not.toEqual(of('b'))
  })

  it('is spread evenly over [0, 1) and over bytes', () => {
    const random = seededRandom(1)
    const tenths = new Array<number>(10).fill(0)
    for (let i = 0; i < 20_000; i++) {
      const tenth = Math.floor(random.fraction() * 10)
      tenths[tenth] = (tenths[tenth] ?? Number.NaN) + 1
    }
    for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(250)
    expect(new Set(random.bytes(5000)).size).toBe(256)
  })
})
