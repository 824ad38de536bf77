/** Writes strings, numbers and values so that different things never give the same bytes, and hashes what was written. */
import { sha256 } from '@parley/protocol'

const FIRST_BYTES = 64 * 1024
/** Per UTF-16 unit: UTF-8 takes at most 3. */
const UNIT_BYTES = 3
const LONE_SURROGATE = /\p{Surrogate}/u

const KIND = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  number: 4,
  bigint: 5,
  string: 6,
  bytes: 7,
  array: 8,
  object: 9,
  other: 10,
} as const

export class DigestWriter {
  #bytes = new Uint8Array(FIRST_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  readonly #encoder = new TextEncoder()

  get length(): number {
    return this.#length
  }

  /** Forgets what was written after `length`. */
  rewind(length: number): void {
    this.#length = length
  }

  digest(): Uint8Array {
    return sha256(this.#bytes.subarray(0, this.#length))
  }

  u8(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** UTF-8; text that has none, with half a surrogate pair, as UTF-16: Yjs shows it to its author alone. */
  text(text: string): void {
    this.#reserve(5 + text.length * UNIT_BYTES)
    const start = this.#length + 5
    const broken = LONE_SURROGATE.test(text)
    let byteLength = text.length * 2
    if (!broken) byteLength = this.#encoder.encodeInto(text, this.#bytes.subarray(start)).written
    else for (let i = 0; i < text.length; i++) this.#view.setUint16(start + 2 * i, text.charCodeAt(i))
    this.#bytes[this.#length] = broken ? 1 : 0
    this.#view.setUint32(this.#length + 1, byteLength)
    this.#length = start + byteLength
  }

  /** JSON as the applications see it, keys in order, and what lib0's `any` has beyond it. */
  value(value: unknown): void {
    const left: unknown[] = [value]
    while (left.length > 0) this.#valueHead(left.pop(), left)
  }

  /** Pushes what is inside onto `left`, first things last. */
  #valueHead(value: unknown, left: unknown[]): void {
    if (typeof value === 'string') {
      this.u8(KIND.string)
      this.text(value)
    } else if (typeof value === 'number') {
      this.u8(KIND.number)
      this.#float(value)
    } else if (value === undefined || value === null || typeof value === 'boolean') this.u8(KIND[`${value}`])
    else if (value instanceof Uint8Array) {
      this.u8(KIND.bytes)
      this.bytes(value)
    } else if (Array.isArray(value)) {
      this.u8(KIND.array)
      this.#float(value.length)
      for (let i = value.length - 1; i >= 0; i--) left.push(value[i])
    } else if (typeof value === 'object') this.#objectHead(value as Record<string, unknown>, left)
    else {
      this.u8(typeof value === 'bigint' ? KIND.bigint : KIND.other)
      this.text(String(value))
    }
  }

  #objectHead(value: Readonly<Record<string, unknown>>, left: unknown[]): void {
    const keys = Object.keys(value).sort()
    this.u8(KIND.object)
    this.#float(keys.length)
    for (let i = keys.length - 1; i >= 0; i--) left.push(value[keys[i] as string], keys[i])
  }

  bytes(bytes: Uint8Array): void {
    this.#float(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** −0 reads as 0 in JSON. */
  #float(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value === 0 ? 0 : value)
    this.#length += 8
  }

  #reserve(byteCount: number): void {
    if (this.#length + byteCount <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + byteCount))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}
