/** V1 updates written by hand, for what Yjs itself would never write. */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'

export interface RawId {
  readonly client: number
  readonly clock: number
}

export interface RawBlock {
  readonly client: number
  readonly clock: number
  readonly structs: readonly Uint8Array[]
  /** What the block says; by default what it has. */
  readonly claimedCount?: number
}

/** [clock, length] of one client. */
export type RawRanges = readonly (readonly [number, readonly (readonly [number, number])[]])[]

function written(write: (out: encoding.Encoder) => void): Uint8Array {
  const out = encoding.createEncoder()
  write(out)
  return encoding.toUint8Array(out)
}

export function rawUpdate(blocks: readonly RawBlock[], ranges: RawRanges = []): Uint8Array {
  return written((out) => {
    encoding.writeVarUint(out, blocks.length)
    for (const { client, clock, structs, claimedCount } of blocks) {
      encoding.writeVarUint(out, claimedCount ?? structs.length)
      encoding.writeVarUint(out, client)
      encoding.writeVarUint(out, clock)
      for (const struct of structs) encoding.writeUint8Array(out, struct)
    }
    encoding.writeVarUint(out, ranges.length)
    for (const [client, own] of ranges) {
      encoding.writeVarUint(out, client)
      encoding.writeVarUint(out, own.length)
      for (const number of own.flat()) encoding.writeVarUint(out, number)
    }
  })
}

export function rawGc(length: number): Uint8Array {
  return written((out) => {
    encoding.writeUint8(out, 0)
    encoding.writeVarUint(out, length)
  })
}

export function rawSkip(length: number): Uint8Array {
  return written((out) => {
    encoding.writeUint8(out, 10)
    encoding.writeVarUint(out, length)
  })
}

export interface RawPlace {
  readonly origin?: RawId
  readonly rightOrigin?: RawId
  /** Written only without origins: a root's name or the item that holds the type. */
  readonly parent?: string | RawId
  readonly key?: string
}

export function rawItem(content: Y.Item['content'], place: RawPlace = {}): Uint8Array {
  const { origin, rightOrigin, parent = 'text', key } = place
  const encoder = new Y.UpdateEncoderV1()
  const flags = (origin ? 0x80 : 0) | (rightOrigin ? 0x40 : 0) | (key === undefined ? 0 : 0x20)
  encoder.writeInfo(content.getRef() | flags)
  if (origin) encoder.writeLeftID(Y.createID(origin.client, origin.clock))
  if (rightOrigin) encoder.writeRightID(Y.createID(rightOrigin.client, rightOrigin.clock))
  if (!origin && !rightOrigin) {
    encoder.writeParentInfo(typeof parent === 'string')
    if (typeof parent === 'string') encoder.writeString(parent)
    else encoder.writeLeftID(Y.createID(parent.client, parent.clock))
    if (key !== undefined) encoder.writeString(key)
  }
  content.write(encoder, 0)
  return encoding.toUint8Array(encoder.restEncoder)
}
