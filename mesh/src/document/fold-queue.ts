/** Which log is next in a fold. Logs are known by their rank in canonical order; one that waits costs nothing. */
import type { MissingId } from './update-gate.ts'

interface Waiter {
  readonly clock: number
  readonly rank: number
}

export class FoldQueue {
  /** A binary heap, the lowest rank first. */
  readonly #heap: number[] = []
  /** By the client that is waited for; the lowest clock last. */
  readonly #waiters = new Map<number, Waiter[]>()

  get isIdle(): boolean {
    return this.#heap.length === 0
  }

  ready(rank: number): void {
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const above = (at - 1) >> 1
      if ((heap[above] as number) <= rank) break
      heap[at] = heap[above] as number
      at = above
    }
    heap[at] = rank
  }

  /** Removes and returns the lowest ready rank, null when there is none. */
  take(): number | null {
    const lowest = this.#heap[0]
    const last = this.#heap.pop()
    if (lowest === undefined || last === undefined) return null
    if (this.#heap.length > 0) this.#sink(last)
    return lowest
  }

  /** `rank` is ready again once `missing` is known. */
  wait(rank: number, missing: MissingId): void {
    const waiters = this.#waiters.get(missing.client) ?? []
    const at = waiters.findIndex((waiter) => waiter.clock <= missing.clock)
    waiters.splice(at < 0 ? waiters.length : at, 0, { clock: missing.clock, rank })
    this.#waiters.set(missing.client, waiters)
  }

  /** `client` has all clocks below `nextClock`. */
  reached(client: number, nextClock: number): void {
    const waiters = this.#waiters.get(client)
    if (waiters === undefined) return
    for (let last = waiters.at(-1); last !== undefined && last.clock < nextClock; last = waiters.at(-1)) {
      waiters.pop()
      this.ready(last.rank)
    }
  }

  /** The clients that something waits for. */
  *waitedFor(): Iterable<number> {
    for (const [client, waiters] of this.#waiters) if (waiters.length > 0) yield client
  }

  #sink(rank: number): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      const right = heap[below + 1]
      if (right !== undefined && right < (heap[below] as number)) below++
      if ((heap[below] as number) >= rank) break
      heap[at] = heap[below] as number
      at = below
    }
    heap[at] = rank
  }
}
