import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes, equalBytes, fromBase64Url, toBase64Url, utf8Decode } from './bytes.ts'

describe('base64url', () => {
  it('agrees with RFC 4648 §10 and with Node', () => {
    expect(toBase64Url(new TextEncoder().encode('foobar'))).toBe('Zm9vYmFy')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = toBase64Url(bytes)
        expect(text).toBe(Buffer.from(bytes).toString('base64url'))
        expect(fromBase64Url(text)).toEqual(bytes)
      }),
    )
  })

  it.each(['A', 'AAAAA', 'AB', 'AAB', 'AA==', 'A A', 'AA\n', '+/+/', 'Zm9v.', '\u{1F600}AAA', 'ＡＡ'])(
    '[LK2] refuses %j',
    (text) => {
      expect(fromBase64Url(text)).toBeNull()
    },
  )

  it('[LK2] has one spelling for each value', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ABCDefgh0189-_'), maxLength: 12 }), (text) => {
        const bytes = fromBase64Url(text)
        if (bytes) expect(toBase64Url(bytes)).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('order of bytes', () => {
  it('is lexicographic, and equal only to itself', () => {
    const bytes = fc.uint8Array({ maxLength: 4, max: 3 })
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Math.sign(Buffer.compare(a, b)))
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0)
      }),
    )
  })
})

it('[FR1] short texts read as the decoder reads them, whatever their bytes', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const read = (decode: (bytes: Uint8Array) => string, bytes: Uint8Array): string | null => {
    try {
      return decode(bytes)
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError)
      return null
    }
  }
  const ascii = fc.uint8Array({ max: 0x7f, maxLength: 80 })
  const text = fc.string({ unit: 'binary', maxLength: 40 }).map((value) => new TextEncoder().encode(value))
  fc.assert(
    fc.property(fc.oneof(ascii, text, fc.uint8Array({ maxLength: 80 })), (bytes) => {
      expect(read(utf8Decode, bytes)).toBe(read((one) => decoder.decode(one), bytes))
    }),
  )
})
