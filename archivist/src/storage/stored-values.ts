/**
 * Values of records as bytes: one tag byte, then the value. What the disk cannot hold (functions, keys of WebCrypto, dates,
 * instances of classes) is refused before anything is written. Reading keeps to limits: a disk is input as well.
 */
import { ByteReader, ByteWriter, MalformedError, utf8 } from '@parley/protocol'
import { StorageError } from './api.ts'
import { KEY_BYTES, VALUE_BYTES, VALUE_DEPTH } from './limits.ts'

const TAGS = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  number: 4,
  text: 5,
  bytes: 6,
  list: 7,
  object: 8,
  map: 9,
} as const

/** Throws {@link StorageError} `refused`. */
export function encodeValue(key: string, value: unknown): Uint8Array {
  if (utf8(key).length > KEY_BYTES) throw refused('a key that is too long')
  const writer = new ByteWriter().text(key)
  write(writer, value, 0)
  const bytes = writer.done()
  if (bytes.length > VALUE_BYTES) throw refused(`a value of ${bytes.length} bytes`)
  return bytes
}

/** Throws `MalformedError`. */
export function decodeValue(bytes: Uint8Array): { readonly key: string; readonly value: unknown } {
  const reader = new ByteReader(bytes)
  const key = reader.text(KEY_BYTES)
  const value = read(reader, 0)
  reader.end()
  return { key, value }
}

function refused(what: string): StorageError {
  return new StorageError('refused', `${what} cannot be written to the disk`)
}

function write(writer: ByteWriter, value: unknown, depth: number): void {
  if (depth > VALUE_DEPTH) throw refused(`a value nested deeper than ${VALUE_DEPTH}`)
  if (value === undefined) writer.u8(TAGS.undefined)
  else if (value === null) writer.u8(TAGS.null)
  else if (typeof value === 'boolean') writer.u8(value ? TAGS.true : TAGS.false)
  else if (typeof value === 'number') writer.u8(TAGS.number).fixed(numberBytes(value))
  else if (typeof value === 'string') writer.u8(TAGS.text).text(value)
  else if (typeof value === 'object') writeObject(writer, value, depth + 1)
  else throw refused(`a ${typeof value}`)
}

function writeObject(writer: ByteWriter, value: object, depth: number): void {
  if (value instanceof Uint8Array) writer.u8(TAGS.bytes).bytes(value)
  else if (Array.isArray(value)) {
    writer.u8(TAGS.list).varUint(value.length)
    for (const item of value) write(writer, item, depth)
  } else if (value instanceof Map) {
    writer.u8(TAGS.map).varUint(value.size)
    for (const pair of value) for (const part of pair) write(writer, part, depth)
  } else if ([Object.prototype, null].includes(Object.getPrototypeOf(value))) {
    const fields = Object.entries(value)
    writer.u8(TAGS.object).varUint(fields.length)
    for (const [name, field] of fields) write(writer.text(name), field, depth)
  } else throw refused(`a ${value.constructor?.name ?? 'foreign object'}`)
}

function numberBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value, true)
  return bytes
}

function read(reader: ByteReader, depth: number): unknown {
  if (depth > VALUE_DEPTH) throw new MalformedError('nested too deep')
  switch (reader.u8()) {
    case TAGS.undefined:
      return undefined
    case TAGS.null:
      return null
    case TAGS.false:
      return false
    case TAGS.true:
      return true
    case TAGS.number: {
      const bytes = reader.fixed(8)
      return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true)
    }
    case TAGS.text:
      return reader.text(VALUE_BYTES)
    case TAGS.bytes:
      return reader.bytes(VALUE_BYTES).slice()
    case TAGS.list:
      return times(reader, () => read(reader, depth + 1))
    case TAGS.object:
      return Object.fromEntries(times(reader, () => [reader.text(VALUE_BYTES), read(reader, depth + 1)]))
    case TAGS.map:
      return new Map(times(reader, () => [read(reader, depth + 1), read(reader, depth + 1)]))
    default:
      throw new MalformedError('unknown tag')
  }
}

/** Each item takes a byte at least, so a count beyond what remains is refused before anything is made. */
function times<T>(reader: ByteReader, make: () => T): T[] {
  const count = reader.varUint(reader.remaining)
  return Array.from({ length: count }, make)
}
