/** A local update as entries that everybody will take. */
import { limits } from '@parley/protocol'
import * as Y from 'yjs'
import { OWN_DEPTH } from '../limits.ts'
import type { GateFault } from './gate-values.ts'
import { withoutImplied } from './implied-deletes.ts'
import { isNestedTooDeep } from './nesting.ts'
import { foreignKeyFault, type OwnClients } from './restricted-writes.ts'
import { splitUpdate } from './split-update.ts'
import { ownFault, readUpdate } from './update-bytes.ts'

export type OwnParts =
  | { readonly parts: readonly Uint8Array[] }
  /** A single value that no cut makes small enough. */
  | { readonly tooLarge: unknown }
  /** Everybody would refuse it, and the log from there on. */
  | { readonly fault: GateFault }

/**
 * `doc` has just emitted `update`. `own` is set for authors who may not change what others wrote. No parts: the update
 * says nothing that it has to.
 */
export function ownParts(
  doc: Y.Doc,
  update: Uint8Array,
  clientId: number,
  own: OwnClients | undefined,
): OwnParts {
  const said = own === undefined ? update : withoutImplied(doc, update, clientId, own)
  if (said === null) return { fault: 'foreign-delete' }
  if (said.length === 0) return { parts: [] }
  const read = readUpdate(said, clientId)
  const { structs } = 'decoded' in read ? read.decoded : Y.decodeUpdate(said)
  const fault = own === undefined ? null : foreignKeyFault(doc, structs, clientId, own)
  if (fault !== null) return { fault }
  if (isNestedTooDeep(doc, structs, OWN_DEPTH)) return { fault: 'too-deep' }
  // What is too much for one update, in bytes, structs or roots, may do as several.
  if ('decoded' in read && said.length <= limits.UPDATE_CUT_BYTES) return { parts: [said] }
  const split = splitUpdate(said, limits.UPDATE_CUT_BYTES)
  if ('tooLarge' in split) return split
  for (const part of split.parts) {
    const partFault = ownFault(part, clientId)
    if (partFault !== null) return { fault: partFault }
  }
  return split
}
