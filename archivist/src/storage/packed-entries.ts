import { ByteReader } from '@parley/protocol'
import { LOG_RECORD_BYTES, PACK_BYTES } from './limits.ts'

function lengthBytes(length: number): number {
  let count = 1
  for (let rest = length; rest > 127; rest = Math.floor(rest / 128)) count++
  return count
}

export interface PackedEntries {
  readonly payload: Uint8Array
  readonly entryCount: number
}

/** In order, in as few pieces of about {@link PACK_BYTES} as they fit; copies. */
export function packEntries(entries: readonly Uint8Array[]): PackedEntries[] {
  const pieces: PackedEntries[] = []
  let from = 0
  while (from < entries.length) {
    let size = 0
    let to = from
    do {
      const { length } = entries[to++] as Uint8Array
      size += lengthBytes(length) + length
    } while (to < entries.length && size < PACK_BYTES)
    pieces.push({ payload: pack(entries.slice(from, to), size), entryCount: to - from })
    from = to
  }
  return pieces
}

function pack(entries: readonly Uint8Array[], size: number): Uint8Array {
  const payload = new Uint8Array(size)
  let at = 0
  for (const entry of entries) {
    let rest = entry.length
    for (; rest > 127; rest = Math.floor(rest / 128)) payload[at++] = (rest % 128) | 128
    payload[at++] = rest
    payload.set(entry, at)
    at += entry.length
  }
  return payload
}

/** Views into `payload`, and where in it they begin. Throws `MalformedError`. */
export function unpackEntries(payload: Uint8Array, visit: (entry: Uint8Array, atByte: number) => void): void {
  const reader = new ByteReader(payload)
  while (reader.remaining > 0) {
    const entry = reader.bytes(LOG_RECORD_BYTES)
    visit(entry, reader.position - entry.length)
  }
}
