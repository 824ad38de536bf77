import { seededFraction } from '@parley/mesh/testing'
import { MalformedError } from '@parley/protocol'
import { expect, it } from 'vitest'
import { decodeValue, encodeValue } from './stored-values.ts'

it('[DS1] values come back as they were, prototypes of nobody among them', () => {
  const value = {
    numbers: [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53],
    text: 'ä😀\u0000',
    nothing: [null, undefined, true, false],
    bytes: Uint8Array.of(1, 2),
    map: new Map<unknown, unknown>([
      ['a', new Map()],
      [1, {}],
    ]),
    ['__proto__']: { polluted: true },
  }
  expect(decodeValue(encodeValue('key', value))).toEqual({ key: 'key', value })
  expect('polluted' in {}).toBe(false)
})

it('[DS1] what a disk cannot hold is refused by name', async () => {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt'])
  const deep = Array.from({ length: 40 }).reduce<unknown>((inner) => [inner], 1)
  for (const value of [
    key,
    { in: [key] },
    () => 1,
    Symbol('a'),
    1n,
    new Date(),
    deep,
    new Uint8Array(5_000_000),
  ])
    expect(() => encodeValue('key', value)).toThrow(expect.objectContaining({ fault: 'refused' }))
  expect(() => encodeValue('key', key)).toThrow('a CryptoKey cannot be written to the disk')
})

it('[DS1] reading rubbish throws one kind of error', () => {
  const whole = encodeValue('key', { a: [1, 'x', new Map([[1, Uint8Array.of(1)]])] })
  const fraction = seededFraction(1)
  for (let run = 0; run < 5000; run++) {
    const bytes = whole.slice(0, 1 + Math.floor(fraction() * whole.length))
    for (let flips = 0; flips < 3; flips++)
      bytes[Math.floor(fraction() * bytes.length)] = Math.floor(fraction() * 256)
    try {
      decodeValue(bytes)
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedError)
    }
  }
})
