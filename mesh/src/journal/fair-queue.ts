/**
 * What waits from several sources, taken by cost in turn: start-time fair queueing (Goyal, Vin and Cheng, 1996). Whoever
 * has sent little comes next, however much of others waits; with one source it is a plain queue.
 */

export interface Costed {
  readonly from: object
  readonly costMs: number
  /** What it takes while it waits. */
  readonly byteCount: number
}

/** Items that were taken are cut off the front once there are so many: each time would copy the rest. */
const CUT_COUNT = 64

/** The items of one source. */
class Flow<Item extends Costed> {
  /** What this source was served, in the time of the queue: it begins where the queue stands. */
  servedMs: number
  byteCount = 0
  readonly #items: Item[] = []
  #at = 0

  constructor(servedMs: number) {
    this.servedMs = servedMs
  }

  get isEmpty(): boolean {
    return this.#at >= this.#items.length
  }

  push(item: Item): void {
    this.#items.push(item)
    this.byteCount += item.byteCount
  }

  take(): Item | undefined {
    const item = this.#items[this.#at]
    if (!item) return undefined
    this.#at++
    this.servedMs += item.costMs
    this.byteCount -= item.byteCount
    if (this.isEmpty || this.#at >= CUT_COUNT) {
      this.#items.splice(0, this.#at)
      this.#at = 0
    }
    return item
  }

  rest(): readonly Item[] {
    return this.#items.slice(this.#at)
  }
}

export class FairQueue<Item extends Costed> {
  /** Those that something waits of, in the order in which they began to. */
  readonly #flows = new Map<object, Flow<Item>>()
  /** Where sources stood when nothing of theirs waited any more: coming back is no advantage. */
  readonly #served = new WeakMap<object, number>()
  #nowMs = 0
  #count = 0

  get count(): number {
    return this.#count
  }

  byteCountOf(from: object): number {
    return this.#flows.get(from)?.byteCount ?? 0
  }

  add(item: Item): void {
    let flow = this.#flows.get(item.from)
    if (!flow) {
      flow = new Flow<Item>(Math.max(this.#nowMs, this.#served.get(item.from) ?? 0))
      this.#flows.set(item.from, flow)
    }
    flow.push(item)
    this.#count++
  }

  /** Up to `maxCount` items, and more than one only up to `maxCostMs`; each source's in their order. */
  take(maxCount: number, maxCostMs: number): Item[] {
    const taken: Item[] = []
    let costMs = 0
    while (taken.length < maxCount && costMs < maxCostMs) {
      const item = this.#takeOne()
      if (!item) break
      costMs += item.costMs
      taken.push(item)
    }
    return taken
  }

  /** Nothing of this source waits any longer; returns what did. */
  drop(from: object): readonly Item[] {
    const rest = this.#flows.get(from)?.rest() ?? []
    this.#flows.delete(from)
    this.#count -= rest.length
    return rest
  }

  #takeOne(): Item | undefined {
    let next: Flow<Item> | undefined
    for (const flow of this.#flows.values()) if (!next || flow.servedMs < next.servedMs) next = flow
    if (!next) return undefined
    this.#nowMs = next.servedMs
    const item = next.take()
    if (!item) return undefined
    this.#count--
    if (next.isEmpty) {
      this.#flows.delete(item.from)
      this.#served.set(item.from, next.servedMs)
    }
    return item
  }
}
