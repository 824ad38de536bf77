/**
 * Cuts one local update that is too large for an entry into several. Cuts are at clocks, inside long texts and lists
 * too; applied in order, the parts are the whole.
 */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { UPDATE_STRUCTS } from '../limits.ts'
import { UpdateMeter } from './gate-values.ts'
import { type DeleteRange, FRAME_BYTES, RANGE_BYTES, UpdateWriter } from './update-writer.ts'
import { decodedItem, type Struct } from './yjs-internals.ts'

export type SplitResult =
  | { readonly parts: readonly Uint8Array[] }
  /** A single value that no cut makes small enough. */
  | { readonly tooLarge: unknown }

/** One update being written, and what it still takes. */
class Part extends UpdateWriter {
  readonly meter = new UpdateMeter()
}

function encodedBytes(struct: Struct): number {
  const encoder = new Y.UpdateEncoderV1()
  struct.write(encoder, 0)
  return encoding.length(encoder.restEncoder)
}

/** Id, origins, parent and key of an item, and the length of its content: all but the content. */
function headBytes(item: Y.Item): number {
  return encodedBytes(decodedItem(item, item.id.clock, item.origin, new Y.ContentDeleted(item.length))) + 8
}

/** How many UTF-16 units of `text` fit into so many bytes of UTF-8; a surrogate pair is taken whole. */
function textUnitsWithin(text: string, bytes: number): number {
  const room = new Uint8Array(Math.max(0, bytes))
  return new TextEncoder().encodeInto(text, room).read
}

function valuesWithin(content: Y.ContentAny | Y.ContentJSON, bytes: number): number {
  const encoder = new Y.UpdateEncoderV1()
  for (const [i, value] of content.arr.entries()) {
    const single = content instanceof Y.ContentAny ? new Y.ContentAny([value]) : new Y.ContentJSON([value])
    single.write(encoder, 0)
    if (encoding.length(encoder.restEncoder) > bytes) return i
  }
  return content.arr.length
}

/** How long the left side of a cut may become: 0 when nothing of it fits. */
function lengthWithin(struct: Struct, bytes: number): number {
  if (!(struct instanceof Y.Item)) return struct.length
  const { content } = struct
  if (content instanceof Y.ContentDeleted) return struct.length
  const contentBytes = bytes - headBytes(struct)
  if (content instanceof Y.ContentString) return textUnitsWithin(content.str, contentBytes)
  if (content instanceof Y.ContentAny || content instanceof Y.ContentJSON)
    return valuesWithin(content, contentBytes)
  return 0
}

/** `length` is within the struct; contents are not shared with it afterwards. */
function cut(struct: Struct, length: number): [Struct, Struct] {
  const { client, clock } = struct.id
  const rightId = Y.createID(client, clock + length)
  if (!(struct instanceof Y.Item))
    return [new Y.GC(struct.id, length), new Y.GC(rightId, struct.length - length)]
  const left = struct.content.copy()
  const right = left.splice(length)
  const origin = Y.createID(client, clock + length - 1)
  return [decodedItem(struct, clock, struct.origin, left), decodedItem(struct, clock + length, origin, right)]
}

/** The largest left side of `struct` that `part` takes, null when it takes nothing. */
function cutFor(struct: Struct, part: Part, maxBytes: number): [Struct, Struct] | null {
  const length = Math.min(lengthWithin(struct, maxBytes - part.byteLength), part.meter.lengthLeft)
  if (length < 1 || length >= struct.length) return null
  const pair = cut(struct, safeCut(struct, length))
  return pair[0].length > 0 && part.meter.add(pair[0]) === null ? pair : null
}

/** Yjs replaces both halves of a surrogate pair that is cut. */
function safeCut(struct: Struct, length: number): number {
  if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) return length
  const last = struct.content.str.charCodeAt(length - 1)
  return last >= 0xd800 && last <= 0xdbff ? length - 1 : length
}

function firstValueOf(struct: Struct): unknown {
  if (!(struct instanceof Y.Item)) return undefined
  const { content } = struct
  if (content instanceof Y.ContentFormat) return content.value
  return content.getContent()[0]
}

/** Whole, if `part` has room for it. */
function addWhole(struct: Struct, part: Part, maxBytes: number): boolean {
  if (part.byteLength + encodedBytes(struct) > maxBytes || part.meter.add(struct) !== null) return false
  part.write(struct)
  return true
}

class Splitter {
  readonly #maxBytes: number
  readonly #parts: Uint8Array[] = []
  #part = new Part()

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Returns what not even an empty part takes the beginning of, null when all was taken. */
  add(struct: Struct): Struct | null {
    let rest = struct
    while (!addWhole(rest, this.#part, this.#maxBytes)) {
      const pair = cutFor(rest, this.#part, this.#maxBytes)
      if (pair !== null) {
        this.#part.write(pair[0])
        rest = pair[1]
      } else if (this.#part.isEmpty) return rest
      this.#close([])
    }
    return null
  }

  /** Deletions go last: they may name anything of the parts before. */
  finish(ranges: readonly DeleteRange[]): Uint8Array[] {
    const fitting = Math.floor((this.#maxBytes - this.#part.byteLength) / RANGE_BYTES)
    const perPart = Math.min(UPDATE_STRUCTS, Math.floor((this.#maxBytes - FRAME_BYTES) / RANGE_BYTES))
    const first = Math.min(UPDATE_STRUCTS, Math.max(0, fitting))
    if (!this.#part.isEmpty || first > 0) this.#close(ranges.slice(0, first))
    for (let at = first; at < ranges.length; at += perPart) this.#close(ranges.slice(at, at + perPart))
    return this.#parts
  }

  #close(ranges: readonly DeleteRange[]): void {
    if (!this.#part.isEmpty || ranges.length > 0) this.#parts.push(this.#part.done(ranges))
    this.#part = new Part()
  }
}

/**
 * `update` is a V1 update as Yjs emitted it, with structs of one client. Each part has at most `maxBytes` (at least
 * 1 KiB) and keeps the gate's caps on structs, lengths, roots and nesting. Throws on bytes that are no update.
 */
export function splitUpdate(update: Uint8Array, maxBytes: number): SplitResult {
  const { structs, ds } = Y.decodeUpdate(update)
  const splitter = new Splitter(maxBytes)
  for (const struct of structs) {
    const rejected = splitter.add(struct)
    if (rejected !== null) return { tooLarge: firstValueOf(rejected) }
  }
  const ranges = [...ds.clients].flatMap(([client, own]) =>
    own.map(({ clock, len }) => ({ client, clock, len })),
  )
  return { parts: splitter.finish(ranges) }
}
