/**
 * Types nested in a document over many updates, each of which nests little. What stands around a new type is a fact of its
 * causal past, but for readers who have collected it: theirs the update passes, and nothing of it is seen. Where readers
 * come to differ by that, the fold, in which everybody collects the same, decides.
 */
import * as Y from 'yjs'
import { depthAround, type Struct } from './yjs-internals.ts'

/** Whether one of these decoded structs makes a type with `limit` others around it. */
export function isNestedTooDeep(doc: Y.Doc, structs: readonly Struct[], limit: number): boolean {
  return structs.some(
    (struct) =>
      struct instanceof Y.Item &&
      struct.content instanceof Y.ContentType &&
      depthAround(doc, struct, limit) >= limit,
  )
}
