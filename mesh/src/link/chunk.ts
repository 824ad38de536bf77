/**
 * Frames cut into chunks, so that an urgent frame need not wait for a long one. Chunks of different lanes interleave,
 * those of one lane do not.
 *
 * ```
 * chunk  := header • [total] • data
 * header := lane (3 bits) | first (1 bit) | last (1 bit) | 0 (3 bits), lowest bit first
 * total  := varuint, length of the frame; only on the first of several chunks
 * ```
 * Every chunk but the last of a frame carries exactly {@link CHUNK_BYTES}: what is held of an unfinished frame is
 * then no more than what came, in a bounded number of pieces.
 */
import { ByteReader, ByteWriter, concatBytes, MalformedError, TooLargeError } from '@parley/protocol'
import { CHUNK_BYTES, LANE_FRAME_BYTES } from '../limits.ts'

/** The most urgent first. */
export const LANES = ['control', 'presence', 'live', 'sync', 'blob'] as const
export type Lane = (typeof LANES)[number]

const LANE_BITS = 0b0_0111
const FIRST_BIT = 0b0_1000
const LAST_BIT = 0b1_0000
const HEADER_MAX = 0b1_1111

/** Cuts one frame, a chunk at a time. The frame must not change meanwhile. */
export class FrameCursor {
  readonly #frame: Uint8Array
  readonly #lane: number
  #at = 0

  constructor(frame: Uint8Array, lane: Lane) {
    this.#frame = frame
    this.#lane = LANES.indexOf(lane)
  }

  get done(): boolean {
    return this.#at === this.#frame.length
  }

  get remainingBytes(): number {
    return this.#frame.length - this.#at
  }

  /** Bytes of the frame that the next chunk carries; 0 when done. */
  get nextBytes(): number {
    return Math.min(CHUNK_BYTES, this.remainingBytes)
  }

  /** Only while not done. */
  next(): Uint8Array<ArrayBuffer> {
    const from = this.#at
    this.#at += this.nextBytes
    const header = this.#lane | (from === 0 ? FIRST_BIT : 0) | (this.done ? LAST_BIT : 0)
    const data = this.#frame.subarray(from, this.#at)
    if (from === 0 && !this.done) {
      return new ByteWriter().u8(header).varUint(this.#frame.length).fixed(data).done()
    }
    const chunk = new Uint8Array(1 + data.length)
    chunk[0] = header
    chunk.set(data, 1)
    return chunk
  }
}

/** Throws a `RangeError` for an empty frame and one over its lane's maximum: both are mistakes of the caller. */
export function splitFrame(frame: Uint8Array, lane: Lane): FrameCursor {
  const max = LANE_FRAME_BYTES[lane]
  if (frame.length === 0 || frame.length > max) {
    throw new RangeError(`a frame in lane ${lane} has 1 to ${max} bytes, not ${frame.length}`)
  }
  return new FrameCursor(frame, lane)
}

interface Header {
  readonly lane: Lane
  readonly first: boolean
  readonly last: boolean
}

function readHeader(reader: ByteReader): Header {
  const header = reader.u8()
  const lane = LANES[header & LANE_BITS]
  if (!lane || header > HEADER_MAX) throw new MalformedError('chunk header')
  return { lane, first: (header & FIRST_BIT) !== 0, last: (header & LAST_BIT) !== 0 }
}

/** Throws {@link MalformedError}. */
export function laneOf(chunk: Uint8Array): Lane {
  return readHeader(new ByteReader(chunk)).lane
}

interface Unfinished {
  readonly totalBytes: number
  receivedBytes: number
  readonly parts: Uint8Array[]
}

export interface AssembledFrame {
  readonly lane: Lane
  readonly frame: Uint8Array
}

/** Puts the chunks of one link together again. Holds at most one unfinished frame per lane. */
export class ChunkAssembler {
  readonly #unfinished = new Map<Lane, Unfinished>()

  /** Bytes held of unfinished frames. */
  get heldBytes(): number {
    let sum = 0
    for (const { receivedBytes } of this.#unfinished.values()) sum += receivedBytes
    return sum
  }

  /**
   * The frame that `chunk` completes, or `null`. Throws {@link MalformedError}; the link is of no use afterwards.
   * `chunk` must not change later: frames are views of it.
   */
  push(chunk: Uint8Array): AssembledFrame | null {
    const reader = new ByteReader(chunk)
    const header = readHeader(reader)
    const unfinished = this.#unfinished.get(header.lane)
    if (!header.first) return this.#continue(header, unfinished, reader.rest())
    if (unfinished) throw new MalformedError('a frame begins inside another of its lane')
    if (header.last) return { lane: header.lane, frame: wholeFrame(header.lane, reader.rest()) }
    this.#begin(header.lane, reader)
    return null
  }

  #begin(lane: Lane, reader: ByteReader): void {
    const totalBytes = reader.varUint(Number.MAX_SAFE_INTEGER)
    if (totalBytes > LANE_FRAME_BYTES[lane]) throw new TooLargeError('a frame too long for its lane')
    if (totalBytes <= CHUNK_BYTES) throw new MalformedError('a frame of one chunk announced as several')
    const data = reader.rest()
    if (data.length !== CHUNK_BYTES) throw new MalformedError('first chunk not full')
    this.#unfinished.set(lane, { totalBytes, receivedBytes: data.length, parts: [data] })
  }

  #continue(header: Header, unfinished: Unfinished | undefined, data: Uint8Array): AssembledFrame | null {
    if (!unfinished) throw new MalformedError('a chunk continues nothing')
    const missingBytes = unfinished.totalBytes - unfinished.receivedBytes
    if (data.length !== Math.min(CHUNK_BYTES, missingBytes)) throw new MalformedError('chunk length')
    if (header.last !== (data.length === missingBytes)) throw new MalformedError('frame length')
    unfinished.receivedBytes += data.length
    unfinished.parts.push(data)
    if (!header.last) return null
    this.#unfinished.delete(header.lane)
    return { lane: header.lane, frame: concatBytes(...unfinished.parts) }
  }
}

function wholeFrame(lane: Lane, data: Uint8Array): Uint8Array {
  const max = Math.min(CHUNK_BYTES, LANE_FRAME_BYTES[lane])
  if (data.length === 0 || data.length > max) throw new MalformedError('chunk length')
  return data
}
