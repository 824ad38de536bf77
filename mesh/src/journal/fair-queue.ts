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
  /** What this source was served, in the time of the queue. */
  servedMs = 0
  byteCount = 0
  #items: Item[] = []
  #at = 0

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

  drop(): readonly Item[] {
    const rest = this.#items.slice(this.#at)
    this.#items = []
    this.#at = 0
    this.byteCount = 0
    return rest
  }
}

export class FairQueue<Item extends Costed> {
  readonly #flows = new WeakMap<object, Flow<Item>>()
  /** Those that something waits of, in the order in which they began to. */
  readonly #waiting = new Set<Flow<Item>>()
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
      flow = new Flow<Item>()
      this.#flows.set(item.from, flow)
    }
    if (flow.isEmpty) {
      // Pauses are not saved up, and coming back from one is no advantage.
      flow.servedMs = Math.max(flow.servedMs, this.#nowMs)
      this.#waiting.add(flow)
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
    const flow = this.#flows.get(from)
    if (!flow) return []
    const rest = flow.drop()
    this.#waiting.delete(flow)
    this.#count -= rest.length
    return rest
  }

  #takeOne(): Item | undefined {
    let next: Flow<Item> | undefined
    for (const flow of this.#waiting) if (!next || flow.servedMs < next.servedMs) next = flow
    if (!next) return undefined
    this.#nowMs = next.servedMs
    const item = next.take()
    this.#count--
    if (next.isEmpty) this.#waiting.delete(next)
    return item
  }
}
