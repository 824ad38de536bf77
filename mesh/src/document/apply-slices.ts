/**
 * Cuts an update that would hold up the host into several, each of which costs little. Yjs looks for an item's place
 * among everything between its two origins, in the worst case the whole list for each item: 127 kB took 91 seconds. The
 * bytes do not show it, and what the document holds may not decide whether an update stands, so it is applied, slowly.
 */
import * as decoding from 'lib0/decoding'
import * as Y from 'yjs'
import { SLICE_STEPS, SLICE_STRUCTS, SMALL_UPDATE_STRUCTS } from '../limits.ts'
import { UpdateWriter } from './update-writer.ts'
import { itemAt, listStart, nextClockOf, type Struct } from './yjs-internals.ts'

/** Where an item says that it stands: the nearest neighbours that the document has. */
interface Gap {
  readonly left: Y.ID | null
  readonly right: Y.ID | null
}

/** Items of the list between two neighbours, counted up to `limit`. */
function stepsWithin(doc: Y.Doc, item: Y.Item, { left, right }: Gap, limit: number): number {
  const end = right && itemAt(doc, right)
  const first = left ? itemAt(doc, left)?.right : listStart(doc, item, end ?? null)
  let steps = 0
  for (let at = first ?? null; at !== null && at !== end && steps < limit; at = at.right) steps++
  return steps
}

/** Structs of one client, in the order of their clocks; `from` on they are not in the document. */
class SliceMeter {
  readonly #doc: Y.Doc
  readonly #structs: readonly Struct[]
  readonly #from: number
  readonly #gaps: Gap[] = []
  #isChain = true

  constructor(doc: Y.Doc, structs: readonly Struct[], from: number) {
    this.#doc = doc
    this.#structs = structs
    this.#from = from
  }

  /** About so many steps to find the place of the next struct, counted up to `limit`. */
  next(limit: number): number {
    const index = this.#gaps.length
    const struct = this.#structs[this.#from + index]
    if (!(struct instanceof Y.Item)) {
      this.#gaps.push({ left: null, right: null })
      return 1
    }
    const gap = { left: this.#known(struct.origin, 'left'), right: this.#known(struct.rightOrigin, 'right') }
    this.#gaps.push(gap)
    this.#isChain &&= index === 0 || this.#follows(struct, index)
    // What is not in the document yet may lie in the gap as well, unless each item only continued the one before.
    return 1 + (this.#isChain ? 0 : index) + stepsWithin(this.#doc, struct, gap, limit)
  }

  #follows({ origin, id }: Y.Item, index: number): boolean {
    const before = this.#structs[this.#from + index - 1]
    if (before === undefined || origin === null) return false
    return origin.client === id.client && origin.clock === before.id.clock + before.length - 1
  }

  /** A neighbour of this slice is not in the document yet: then its own neighbour. */
  #known(id: Y.ID | null, side: keyof Gap): Y.ID | null {
    const first = this.#structs[this.#from]?.id
    if (id === null || first === undefined || id.client !== first.client || id.clock < first.clock) return id
    const gap = this.#gaps[this.#indexOf(id.clock)]
    return gap?.[side] ?? null
  }

  #indexOf(clock: number): number {
    let low = 0
    let high = this.#gaps.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      const struct = this.#structs[this.#from + middle]
      if (struct !== undefined && struct.id.clock <= clock) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** How many structs a V1 update of one client says it has, and the clock of the first; without one it is 0. */
export function headOf(update: Uint8Array): { readonly structCount: number; readonly clock: number } {
  const decoder = decoding.createDecoder(update)
  if (decoding.readVarUint(decoder) === 0) return { structCount: 0, clock: 0 }
  const structCount = decoding.readVarUint(decoder)
  decoding.readVarUint(decoder)
  return { structCount, clock: decoding.readVarUint(decoder) }
}

/** Whether an update that has passed the gate costs little wherever its structs belong. */
function isSmall(update: Uint8Array): boolean {
  return headOf(update).structCount <= SMALL_UPDATE_STRUCTS
}

export class ApplySlices {
  readonly #doc: Y.Doc
  readonly #structs: readonly Struct[]
  readonly #ds: ReturnType<typeof Y.decodeUpdate>['ds']
  #at = 0
  #done = false

  private constructor(doc: Y.Doc, update: Uint8Array) {
    const { structs, ds } = Y.decodeUpdate(update)
    this.#doc = doc
    // Yjs would skip what it has.
    const client = structs[0]?.id.client
    const known = client === undefined ? 0 : nextClockOf(doc, client)
    this.#structs = structs.filter(({ id, length }) => id.clock + length > known)
    this.#ds = ds
  }

  /** `null`: the update, which has passed the gate, costs little and is to be applied as it is. */
  static of(doc: Y.Doc, update: Uint8Array): ApplySlices | null {
    return isSmall(update) ? null : new ApplySlices(doc, update)
  }

  get isDone(): boolean {
    return this.#done
  }

  /** The next update to apply, to be asked for when all before it are applied; deletions are in the last. */
  next(): Uint8Array {
    const end = this.#at + this.#countNext()
    const writer = new UpdateWriter()
    for (const struct of this.#structs.slice(this.#at, end)) writer.write(struct)
    this.#at = end
    this.#done = end >= this.#structs.length
    return writer.done(this.#done ? this.#ranges() : [])
  }

  #countNext(): number {
    const meter = new SliceMeter(this.#doc, this.#structs, this.#at)
    const most = Math.min(SLICE_STRUCTS, this.#structs.length - this.#at)
    let steps = 0
    let count = 0
    while (count < most) {
      steps += meter.next(SLICE_STEPS - steps)
      if (count > 0 && steps > SLICE_STEPS) break
      count++
    }
    return count
  }

  #ranges() {
    return [...this.#ds.clients].flatMap(([client, ranges]) =>
      ranges.map(({ clock, len }) => ({ client, clock, len })),
    )
  }
}
