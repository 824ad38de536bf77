/** Frames of up to one chunk out, frames of any length in (docs/spec.md, FR). */
import { ByteReader, concatBytes, decodeFrame, encodeFrame, type Frame } from '@parley/protocol'

export const LANE = { control: 0, presence: 1, live: 2, sync: 3 } as const
export type RawLane = keyof typeof LANE
const LANE_BITS = 7
const FIRST = 8
const LAST = 16

export function chunkOf(frame: Frame, lane: RawLane): Uint8Array<ArrayBuffer> {
  return concatBytes(Uint8Array.of(LANE[lane] | FIRST | LAST), encodeFrame(frame))
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
