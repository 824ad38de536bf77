/**
 * What stands between a decrypted update and Yjs. Refusals follow from the update's bytes and its log alone, the same
 * for everybody; the state of this document can only make an update wait.
 */
import { limits } from '@parley/protocol'
import * as Y from 'yjs'
import { UPDATE_STRUCTS } from '../limits.ts'
import { contentFault, type GateFault, keyFault, UpdateMeter } from './gate-values.ts'
import { type DecodedUpdate, nextClockOf, type Struct, statedParent } from './yjs-internals.ts'

export type { GateFault } from './gate-values.ts'

/** An id in a log: known once the next clock of `client` is above `clock`. */
export interface MissingId {
  readonly client: number
  readonly clock: number
}

export type GateVerdict =
  | { readonly verdict: 'apply' }
  | { readonly verdict: 'wait'; readonly missing: MissingId }
  | { readonly verdict: 'refuse'; readonly fault: GateFault }

const APPLY: GateVerdict = { verdict: 'apply' }

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

/** Of the update alone, without any document. */
function bytesFault(update: Uint8Array, decoded: DecodedUpdate, clientId: number): GateFault | null {
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

function isMissing(doc: Y.Doc, own: number, id: Y.ID | null): id is Y.ID {
  return id !== null && id.client !== own && id.clock >= nextClockOf(doc, id.client)
}

/** Known structs count too: Yjs looks for their origins before it notices that it has them. */
function missingOfStructs(doc: Y.Doc, structs: readonly Struct[], own: number): MissingId | null {
  for (const struct of structs) {
    if (!(struct instanceof Y.Item)) continue
    const { origin, rightOrigin } = struct
    if (isMissing(doc, own, origin)) return { client: origin.client, clock: origin.clock }
    if (isMissing(doc, own, rightOrigin)) return { client: rightOrigin.client, clock: rightOrigin.clock }
    const parent = statedParent(struct)
    if (typeof parent === 'string' || !isMissing(doc, own, parent)) continue
    return { client: parent.client, clock: parent.clock }
  }
  return null
}

function missingOfRanges(doc: Y.Doc, ds: DecodedUpdate['ds'], own: number): MissingId | null {
  for (const [client, ranges] of ds.clients) {
    const last = ranges[ranges.length - 1]
    if (client === own || last === undefined) continue
    const end = last.clock + last.len
    if (end > nextClockOf(doc, client)) return { client, clock: end - 1 }
  }
  return null
}

/**
 * The one refusal that looks at the document. Every earlier update of the log is applied when this one is looked at,
 * so its own client's next clock is a fact of the log: what lies beyond can never come.
 */
function leavesOwnGap(doc: Y.Doc, decoded: DecodedUpdate, own: number): boolean {
  const first = decoded.structs[0]
  const last = decoded.structs[decoded.structs.length - 1]
  const next = nextClockOf(doc, own)
  if (first !== undefined && first.id.clock > next) return true
  const end = Math.max(next, last === undefined ? 0 : last.id.clock + last.length)
  const deleted = decoded.ds.clients.get(own)?.at(-1)
  return deleted !== undefined && deleted.clock + deleted.len > end
}

/**
 * `doc` is the journal's own document, `clientId` what the log's author, session and document derive to. Updates of a
 * log are to be checked and applied in their order. Structs that are known already are ignored by Yjs and pass here;
 * deleted and collected origins and parents pass; where an item stands among others is not judged.
 *
 * `wait` names one id that is not known yet; there may be more.
 */
export function checkUpdate(doc: Y.Doc, update: Uint8Array, clientId: number): GateVerdict {
  if (update.length > limits.ENTRY_BYTES) return { verdict: 'refuse', fault: 'too-large' }
  const decoded = decode(update)
  if (decoded === null) return { verdict: 'refuse', fault: 'malformed' }
  const fault = bytesFault(update, decoded, clientId)
  if (fault !== null) return { verdict: 'refuse', fault }
  if (leavesOwnGap(doc, decoded, clientId)) return { verdict: 'refuse', fault: 'clock-gap' }
  const missing =
    missingOfStructs(doc, decoded.structs, clientId) ?? missingOfRanges(doc, decoded.ds, clientId)
  return missing === null ? APPLY : { verdict: 'wait', missing }
}
