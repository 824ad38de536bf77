/**
 * Yjs names in a delete set also what goes by itself: children of a type that is deleted, the value before under a key
 * that is set. Who may not delete what others wrote leaves that unsaid; it goes everywhere all the same.
 */
import * as Y from 'yjs'
import type { OwnClients } from './restricted-writes.ts'
import { type DeleteRange, UpdateWriter } from './update-writer.ts'
import { goesByItself, structsWithin } from './yjs-internals.ts'

/**
 * `update`, just emitted by `doc`, without deletions of others' structs; null when one of them would not go by itself.
 * Without any bytes when nothing is left.
 */
export function withoutImplied(
  doc: Y.Doc,
  update: Uint8Array,
  clientId: number,
  own: OwnClients,
): Uint8Array | null {
  const { structs, ds } = Y.decodeUpdate(update)
  const kept: DeleteRange[] = []
  let dropped = false
  for (const [client, ranges] of ds.clients) {
    const isOwn = client === clientId || own.isOwn(client)
    for (const { clock, len } of ranges) {
      if (isOwn) kept.push({ client, clock, len })
      else if (structsWithin(doc, client, clock, len).every(goesByItself)) dropped = true
      else return null
    }
  }
  if (!dropped) return update
  if (structs.length === 0 && kept.length === 0) return new Uint8Array()
  const writer = new UpdateWriter()
  for (const struct of structs) writer.write(struct)
  return writer.done(kept)
}
