/**
 * Reading and writing the binary layouts. Numbers are unsigned LEB128 varints, as in lib0.
 *
 * lib0's own decoder may read past the end of a view into the buffer below it, so hostile bytes are read with
 * the bounds-checked reader of this file.
 */
import { utf8, utf8Decode } from './bytes.ts'

/** Bytes from outside that do not follow their layout. */
export class MalformedError extends Error {
  override readonly name: string = 'MalformedError'
}

/** Longer than anything of its kind may be. */
export class TooLargeError extends MalformedError {
  override readonly name = 'TooLargeError'
}

export class ByteWriter {
  #buffer = new Uint8Array(64)
  #length = 0

  #room(more: number): void {
    if (this.#length + more <= this.#buffer.length) return
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + more))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }

  u8(value: number): this {
    this.#room(1)
    this.#buffer[this.#length++] = value
    return this
  }

  /** `value` is a safe integer ≥ 0. */
  varUint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a varuint: ${value}`)
    this.#room(8)
    let rest = value
    while (rest > 127) {
      this.#buffer[this.#length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#buffer[this.#length++] = rest
    return this
  }

  /** Bytes whose length the layout fixes. */
  fixed(bytes: Uint8Array): this {
    this.#room(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  /** Bytes after their length. */
  bytes(bytes: Uint8Array): this {
    return this.varUint(bytes.length).fixed(bytes)
  }

  text(text: string): this {
    return this.bytes(utf8(text))
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#length)
  }
}

/** Every method throws {@link MalformedError} instead of reading outside `bytes`. Returned arrays are views. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get position(): number {
    return this.#at
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  u8(): number {
    const value = this.#bytes[this.#at]
    if (value === undefined) throw new MalformedError('unexpected end')
    this.#at++
    return value
  }

  varUint(max: number = Number.MAX_SAFE_INTEGER): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 8; i++) {
      const byte = this.u8()
      value += (byte & 127) * scale
      if (byte < 128) {
        if (value > max) throw new MalformedError(`number over ${max}`)
        if (byte === 0 && i > 0) throw new MalformedError('number not in shortest form')
        return value
      }
      scale *= 128
    }
    throw new MalformedError('number too long')
  }

  fixed(length: number): Uint8Array {
    if (length > this.remaining) throw new MalformedError('unexpected end')
    const view = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return view
  }

  bytes(maxLength: number): Uint8Array {
    return this.fixed(this.varUint(maxLength))
  }

  text(maxBytes: number): string {
    const bytes = this.bytes(maxBytes)
    try {
      return utf8Decode(bytes)
    } catch {
      throw new MalformedError('not UTF-8')
    }
  }

  rest(): Uint8Array {
    return this.fixed(this.remaining)
  }

  /** Nothing may follow. */
  end(): void {
    if (this.remaining > 0) throw new MalformedError('trailing bytes')
  }
}
