/** From moments of a document to what people choose from. Pure. */
import type { DocumentHeads, Moment } from './mesh-types.ts'

/** How the page read before somebody's changes. */
export interface EarlierState {
  readonly heads: DocumentHeads
  /** Whose changes came after it. */
  readonly name: string
  readonly fromMs: number
  readonly toMs: number
  readonly insertedCount: number
  readonly deletedCount: number
  /** They deleted much, and wrote little in its place. */
  readonly muchDeleted: boolean
}

const MUCH = 200
/** More than somebody would scroll through. */
const STATES_SHOWN = 200

/** `moments` and the result: the latest first. */
export function earlierStates(moments: readonly Moment[]): EarlierState[] {
  return moments
    .slice(0, STATES_SHOWN)
    .map(({ before, name, fromMs, toMs, insertedCount, deletedCount }) => ({
      heads: before,
      name,
      fromMs,
      toMs,
      insertedCount,
      deletedCount,
      muchDeleted: deletedCount >= MUCH && deletedCount > 4 * insertedCount,
    }))
}
