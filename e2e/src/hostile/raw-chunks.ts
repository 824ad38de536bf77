/** Frames out and in, in chunks (docs/spec.md, CH). */
import { ByteReader, ByteWriter, concatBytes, decodeFrame, encodeFrame, type Frame } from '@parley/protocol'

export const LANE = { control: 0, presence: 1, live: 2, sync: 3 } as const
export type RawLane = keyof typeof LANE
const LANE_BITS = 7
const FIRST = 8
const LAST = 16
const CHUNK_BYTES = 16 * 1024

export function chunkOf(frame: Frame, lane: RawLane): Uint8Array<ArrayBuffer> {
  return concatBytes(Uint8Array.of(LANE[lane] | FIRST | LAST), encodeFrame(frame))
}

export function chunksOf(frame: Frame, lane: RawLane): Uint8Array<ArrayBuffer>[] {
  const bytes = encodeFrame(frame)
  if (bytes.length <= CHUNK_BYTES) return [chunkOf(frame, lane)]
  const chunks: Uint8Array<ArrayBuffer>[] = []
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    const isLast = at + CHUNK_BYTES >= bytes.length
    const writer = new ByteWriter().u8(LANE[lane] | (at === 0 ? FIRST : 0) | (isLast ? LAST : 0))
    if (at === 0) writer.varUint(bytes.length)
    chunks.push(writer.fixed(bytes.subarray(at, at + CHUNK_BYTES)).done())
  }
  return chunks
}

/** Puts chunks together, trusting the other side. */
export class RawAssembler {
  readonly #parts = new Map<number, Uint8Array[]>()

  /** The frame that the chunk completes, if any. */
  push(chunk: Uint8Array): Frame | null {
    const header = chunk[0] ?? 0
    const reader = new ByteReader(chunk.slice(1))
    const several = (header & (FIRST | LAST)) !== (FIRST | LAST)
    if (header & FIRST && several) reader.varUint()
    const parts = header & FIRST ? [] : (this.#parts.get(header & LANE_BITS) ?? [])
    parts.push(reader.rest())
    this.#parts.set(header & LANE_BITS, parts)
    return header & LAST ? decodeFrame(concatBytes(...parts)) : null
  }
}
