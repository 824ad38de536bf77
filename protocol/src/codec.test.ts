import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter, MalformedError } from './codec.ts'

const read = (...bytes: number[]) => new ByteReader(Uint8Array.from(bytes)).varUint()

describe('varints', () => {
  it('[FR3] survive writing and reading, up to 2^53 - 1', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.constant(Number.MAX_SAFE_INTEGER)), (value) => {
        const bytes = new ByteWriter().varUint(value).done()
        const reader = new ByteReader(bytes)
        expect(reader.varUint()).toBe(value)
        expect(reader.remaining).toBe(0)
      }),
    )
  })

  it.each([
    ['0 in two bytes', [0x80, 0x00]],
    ['127 in two bytes', [0xff, 0x00]],
    ['300 in three bytes', [0xac, 0x82, 0x00]],
    ['2^53', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ['2^56', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['one without end', [0xff, 0xff, 0xff]],
    ['none', []],
  ])('[FR3] are refused: %s', (_what, bytes) => {
    expect(() => read(...bytes)).toThrow(MalformedError)
  })

  it('[FR3] hold their maximum', () => {
    expect(new ByteReader(Uint8Array.from([100])).varUint(100)).toBe(100)
    expect(() => new ByteReader(Uint8Array.from([101])).varUint(100)).toThrow(MalformedError)
  })

  it.each([-1, 1.5, Number.NaN, 2 ** 53])('are not written from %s', (value) => {
    expect(() => new ByteWriter().varUint(value)).toThrow(RangeError)
  })
})

describe('ByteReader', () => {
  it('[FR2] never reads outside its view', () => {
    const below = new Uint8Array([1, 2, 3, 4]).subarray(1, 3)
    const reader = new ByteReader(below)
    expect(() => reader.fixed(3)).toThrow(MalformedError)
    expect([...reader.rest()]).toEqual([2, 3])
    expect(() => reader.u8()).toThrow(MalformedError)
  })

  it('[FR2] does not allocate what a length only claims', () => {
    const claim = new ByteWriter().varUint(2 ** 40).done()
    expect(() => new ByteReader(claim).bytes(Number.MAX_SAFE_INTEGER)).toThrow('unexpected end')
  })

  it('[FR2] refuses text that is not UTF-8', () => {
    for (const bytes of [
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf8, 0x88, 0x80, 0x80, 0x80],
    ]) {
      const writer = new ByteWriter().bytes(Uint8Array.from(bytes))
      expect(() => new ByteReader(writer.done()).text(10)).toThrow(MalformedError)
    }
  })
})
