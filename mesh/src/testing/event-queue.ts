/** A binary heap of what happens when: earliest first, and in the order of adding where the time is the same. */
export interface QueuedEvent {
  readonly atMs: number
  readonly order: number
  call: (() => void) | null
}

function before(a: QueuedEvent, b: QueuedEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

export class EventQueue {
  readonly #heap: QueuedEvent[] = []
  #added = 0

  /** Set `call` of the returned event to `null` to cancel it. */
  add(atMs: number, call: () => void): QueuedEvent {
    const event: QueuedEvent = { atMs, order: this.#added++, call }
    this.#heap.push(event)
    this.#rise(this.#heap.length - 1)
    return event
  }

  /** The earliest event that was not cancelled; it stays. */
  peek(): QueuedEvent | null {
    while (this.#heap[0]?.call === null) this.#removeFirst()
    return this.#heap[0] ?? null
  }

  take(): QueuedEvent | null {
    const first = this.peek()
    if (first) this.#removeFirst()
    return first
  }

  #removeFirst(): void {
    const last = this.#heap.pop()
    if (!last || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink()
  }

  #rise(from: number): void {
    const heap = this.#heap
    const event = heap[from] as QueuedEvent
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(event, heap[parent] as QueuedEvent)) break
      heap[at] = heap[parent] as QueuedEvent
      at = parent
    }
    heap[at] = event
  }

  #sink(): void {
    const heap = this.#heap
    const event = heap[0] as QueuedEvent
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right && before(right, heap[child] as QueuedEvent)) child++
      if (!before(heap[child] as QueuedEvent, event)) break
      heap[at] = heap[child] as QueuedEvent
      at = child
    }
    heap[at] = event
  }
}
