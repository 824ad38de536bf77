/**
 * An entry beyond a cut, as far as others need it: its structs keep their places, so that what was built beside them
 * stands, and nothing of what they held is shown.
 */
import * as Y from 'yjs'
import { UpdateWriter } from './update-writer.ts'

/**
 * The structs of a V1 update that passed the gate, with a delete set over those from `knownClock` on; its own deletions
 * are dropped. `knownClock` is the next clock of its client before it: what an update says again may stand, and is not
 * its to delete. Without structs it is an update of nothing.
 *
 * What a struct does by its mere place remains: setting a key hides the value before, and children of a blanked type
 * are deleted with it. Throws on bytes that are no update.
 */
export function blankUpdate(update: Uint8Array, knownClock = 0): Uint8Array {
  const { structs } = Y.decodeUpdate(update)
  const writer = new UpdateWriter()
  for (const struct of structs) writer.write(struct)
  const [first, last] = [structs[0], structs.at(-1)]
  if (first === undefined || last === undefined) return writer.done([])
  const clock = Math.max(first.id.clock, knownClock)
  const len = last.id.clock + last.length - clock
  return writer.done(len > 0 ? [{ client: first.id.client, clock, len }] : [])
}
