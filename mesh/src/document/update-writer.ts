/** Writes one V1 update from structs of one client, as Yjs lays it out. */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import type { Struct } from './yjs-internals.ts'

export interface DeleteRange {
  readonly client: number
  readonly clock: number
  readonly len: number
}

/** Counts of blocks, structs and delete ranges, the client and clock of the first struct: five varints and one byte. */
export const FRAME_BYTES = 32
/** Three varints of a delete range, and of a client's heading in the delete set. */
export const RANGE_BYTES = 24

export class UpdateWriter {
  readonly #structs = new Y.UpdateEncoderV1()
  #structCount = 0
  #first: Y.ID | null = null

  /** At most so many, delete ranges not counted. */
  get byteLength(): number {
    return FRAME_BYTES + encoding.length(this.#structs.restEncoder)
  }

  get isEmpty(): boolean {
    return this.#structCount === 0
  }

  /** Structs follow each other without a gap. */
  write(struct: Struct): void {
    this.#first ??= struct.id
    this.#structCount++
    struct.write(this.#structs, 0)
  }

  done(ranges: readonly DeleteRange[]): Uint8Array {
    const out = encoding.createEncoder()
    encoding.writeVarUint(out, this.#first === null ? 0 : 1)
    if (this.#first !== null) {
      encoding.writeVarUint(out, this.#structCount)
      encoding.writeVarUint(out, this.#first.client)
      encoding.writeVarUint(out, this.#first.clock)
      encoding.writeUint8Array(out, encoding.toUint8Array(this.#structs.restEncoder))
    }
    writeRanges(out, ranges)
    return encoding.toUint8Array(out)
  }
}

/** Ranges are grouped by client already. */
function writeRanges(out: encoding.Encoder, ranges: readonly DeleteRange[]): void {
  const byClient = new Map<number, DeleteRange[]>()
  for (const range of ranges) {
    const known = byClient.get(range.client)
    if (known === undefined) byClient.set(range.client, [range])
    else known.push(range)
  }
  encoding.writeVarUint(out, byClient.size)
  for (const [client, own] of byClient) {
    encoding.writeVarUint(out, client)
    encoding.writeVarUint(out, own.length)
    for (const { clock, len } of own) {
      encoding.writeVarUint(out, clock)
      encoding.writeVarUint(out, len)
    }
  }
}
