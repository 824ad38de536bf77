/** What an update's bytes alone say against it: the same for everybody, without any document. */
import { limits } from '@parley/protocol'
import * as Y from 'yjs'
import { UPDATE_STRUCTS } from '../limits.ts'
import { contentFault, type GateFault, keyFault, UpdateMeter } from './gate-values.ts'
import { type DecodedUpdate, type Struct, statedParent } from './yjs-internals.ts'

export type ReadUpdate = { readonly decoded: DecodedUpdate } | { readonly fault: GateFault }

function isLaterOwn(struct: Struct, id: Y.ID | null): boolean {
  return id !== null && id.client === struct.id.client && id.clock >= struct.id.clock
}

function itemFault(item: Y.Item): GateFault | null {
  const parent = statedParent(item)
  if (isLaterOwn(item, item.origin) || isLaterOwn(item, item.rightOrigin)) return 'self-reference'
  if (parent instanceof Y.ID && isLaterOwn(item, parent)) return 'self-reference'
  const fault = typeof parent === 'string' ? keyFault(parent) : null
  return fault ?? (item.parentSub === null ? null : keyFault(item.parentSub)) ?? contentFault(item.content)
}

function structFault(struct: Struct, clientId: number, meter: UpdateMeter): GateFault | null {
  if (struct.id.client !== clientId) return 'foreign-client'
  if (struct instanceof Y.Skip) return 'skip'
  if (struct.length < 1 || !Number.isSafeInteger(struct.length)) return 'malformed'
  if (!Number.isSafeInteger(struct.id.clock + struct.length)) return 'malformed'
  return (struct instanceof Y.Item ? itemFault(struct) : null) ?? meter.add(struct)
}

/** Yjs writes ranges ascending and apart; overlapping ones would make it walk the same structs again and again. */
function rangesFault(ds: DecodedUpdate['ds']): GateFault | null {
  let count = 0
  for (const ranges of ds.clients.values()) {
    count += ranges.length
    if (count > UPDATE_STRUCTS) return 'too-many-structs'
    let end = 0
    for (const { clock, len } of ranges) {
      if (len < 1 || clock < end || !Number.isSafeInteger(clock + len)) return 'malformed'
      end = clock + len
    }
  }
  return null
}

function decodedFault(update: Uint8Array, decoded: DecodedUpdate, clientId: number): GateFault | null {
  const meter = new UpdateMeter()
  for (const struct of decoded.structs) {
    const fault = structFault(struct, clientId, meter)
    if (fault !== null) return fault
  }
  // The count of struct blocks, one per client. Yjs reads a second block of one client over the first.
  if (update[0] !== (decoded.structs.length > 0 ? 1 : 0)) return 'malformed'
  // V2 bytes, which begin with two zeros, read as an empty V1 update with something behind it.
  if (decoded.structs.length === 0 && decoded.ds.clients.size === 0) return 'malformed'
  return rangesFault(decoded.ds)
}

function decode(update: Uint8Array): DecodedUpdate | null {
  try {
    return Y.decodeUpdate(update)
  } catch {
    return null // lib0 throws errors of several kinds at hostile bytes; each means the same
  }
}

/** Never throws, whatever the bytes. `clientId` is that of the log. */
export function readUpdate(update: Uint8Array, clientId: number): ReadUpdate {
  if (update.length > limits.ENTRY_BYTES) return { fault: 'too-large' }
  const decoded = decode(update)
  if (decoded === null) return { fault: 'malformed' }
  const fault = decodedFault(update, decoded, clientId)
  return fault === null ? { decoded } : { fault }
}

/** Why everybody would refuse what we are about to write, whatever their documents hold. */
export function ownFault(update: Uint8Array, clientId: number): GateFault | null {
  const read = readUpdate(update, clientId)
  return 'fault' in read ? read.fault : null
}
