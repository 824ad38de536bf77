/**
 * What stands between a decrypted update and Yjs. Refusals follow from the update's bytes, its log and its causal past,
 * the same for everybody; the state of this document can only make an update wait.
 */
import * as Y from 'yjs'
import { DOCUMENT_DEPTH } from '../limits.ts'
import type { GateFault } from './gate-values.ts'
import { isNestedTooDeep } from './nesting.ts'
import { foreignDeleteFault, foreignKeyFault, type OwnClients } from './restricted-writes.ts'
import { readUpdate } from './update-bytes.ts'
import { type DecodedUpdate, nextClockOf, type Struct, statedParent } from './yjs-internals.ts'

export type { GateFault } from './gate-values.ts'
export type { OwnClients } from './restricted-writes.ts'

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

/** The next clock of each client, as far as there are entries: where drafts are shown, less than the document has. */
export type ClockOf = (doc: Y.Doc, client: number) => number

function isMissing(doc: Y.Doc, own: number, id: Y.ID | null, clockOf: ClockOf): id is Y.ID {
  return id !== null && id.client !== own && id.clock >= clockOf(doc, id.client)
}

/** Known structs count too: Yjs looks for their origins before it notices that it has them. */
function missingOfStructs(
  doc: Y.Doc,
  structs: readonly Struct[],
  own: number,
  clockOf: ClockOf,
): MissingId | null {
  for (const struct of structs) {
    if (!(struct instanceof Y.Item)) continue
    const { origin, rightOrigin } = struct
    if (isMissing(doc, own, origin, clockOf)) return { client: origin.client, clock: origin.clock }
    if (isMissing(doc, own, rightOrigin, clockOf))
      return { client: rightOrigin.client, clock: rightOrigin.clock }
    const parent = statedParent(struct)
    if (typeof parent === 'string' || !isMissing(doc, own, parent, clockOf)) continue
    return { client: parent.client, clock: parent.clock }
  }
  return null
}

function missingOfRanges(
  doc: Y.Doc,
  ds: DecodedUpdate['ds'],
  own: number,
  clockOf: ClockOf,
): MissingId | null {
  for (const [client, ranges] of ds.clients) {
    const last = ranges[ranges.length - 1]
    if (client === own || last === undefined) continue
    const end = last.clock + last.len
    if (end > clockOf(doc, client)) return { client, clock: end - 1 }
  }
  return null
}

/**
 * A gap, or a struct that overlaps what its log wrote before: a refusal that looks at the document. Every earlier update of the log is applied when this one is looked at, so its
 * own client's next clock is a fact of the log: what lies beyond can never come.
 */
function leavesOwnGap(decoded: DecodedUpdate, own: number, next: number): boolean {
  const first = decoded.structs[0]
  const last = decoded.structs[decoded.structs.length - 1]
  if (first !== undefined && first.id.clock > next) return true
  // Half known, half new: where the known half was collected Yjs has nothing to continue.
  const straddles = ({ id, length }: Struct) => id.clock < next && id.clock + length > next
  if (first !== undefined && first.id.clock < next && decoded.structs.some(straddles)) return true
  const end = Math.max(next, last === undefined ? 0 : last.id.clock + last.length)
  const deleted = decoded.ds.clients.get(own)?.at(-1)
  return deleted !== undefined && deleted.clock + deleted.len > end
}

function judge(
  doc: Y.Doc,
  update: Uint8Array,
  clientId: number,
  own: OwnClients | undefined,
  blanked: boolean,
  clockOf: ClockOf,
): GateVerdict {
  const read = readUpdate(update, clientId)
  if ('fault' in read) return { verdict: 'refuse', fault: read.fault }
  const { structs, ds } = read.decoded
  if (leavesOwnGap(read.decoded, clientId, clockOf(doc, clientId)))
    return { verdict: 'refuse', fault: 'clock-gap' }
  const missing =
    missingOfStructs(doc, structs, clientId, clockOf) ??
    (blanked ? null : missingOfRanges(doc, ds, clientId, clockOf))
  if (missing !== null) return { verdict: 'wait', missing }
  if (isNestedTooDeep(doc, structs, DOCUMENT_DEPTH)) return { verdict: 'refuse', fault: 'too-deep' }
  if (own === undefined) return APPLY
  // Whose client it is, is known of clients that the document has: hence after waiting for them.
  const fault =
    (blanked ? null : foreignDeleteFault(ds, clientId, own)) ?? foreignKeyFault(doc, structs, clientId, own)
  return fault === null ? APPLY : { verdict: 'refuse', fault }
}

/**
 * `doc` is the journal's own document, `clientId` what the log's author, session and document derive to. Updates of a
 * log are to be checked and applied in their order. Structs that are known already are ignored by Yjs and pass here;
 * deleted and collected origins and parents pass; where an item stands among others is not judged.
 *
 * With `own` the author may write but not change what others wrote: see restricted-writes.ts.
 *
 * `wait` names one id that is not known yet; there may be more.
 */
export function checkUpdate(
  doc: Y.Doc,
  update: Uint8Array,
  clientId: number,
  own?: OwnClients,
  clockOf: ClockOf = nextClockOf,
): GateVerdict {
  return judge(doc, update, clientId, own, false, clockOf)
}

/** Of an update beyond a cut, to be applied blanked: its deletions are dropped, so nothing waits for what they name. */
export function checkBlanked(
  doc: Y.Doc,
  update: Uint8Array,
  clientId: number,
  own?: OwnClients,
  clockOf: ClockOf = nextClockOf,
): GateVerdict {
  return judge(doc, update, clientId, own, true, clockOf)
}
