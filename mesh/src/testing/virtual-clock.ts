import type { Clock, Unsubscribe } from '../ports.ts'
import { EventQueue } from './event-queue.ts'

/** 2027-01-15: any fixed moment, so that grants and entries of two runs are the same. */
const START_MS = 1_800_000_000_000

/** Resolves when every promise chain that is under way has come to rest: microtasks run before a macrotask. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * Time that passes only inside {@link runFor} and {@link runUntil}, from event to event. After each event all promise
 * chains settle before the next one, so that a run is decided by its seed alone. What an event throws rejects the run.
 */
export class VirtualClock implements Clock {
  readonly #queue = new EventQueue()
  readonly startMs: number
  #nowMs: number
  #running = false

  constructor(startMs: number = START_MS) {
    this.startMs = startMs
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  /** Since the clock was made. */
  elapsedMs(): number {
    return this.#nowMs - this.startMs
  }

  after(delayMs: number, call: () => void): Unsubscribe {
    if (Number.isNaN(delayMs)) throw new RangeError('a delay that is not a number')
    const event = this.#queue.add(this.#nowMs + Math.max(0, delayMs), call)
    return () => {
      event.call = null
    }
  }

  yieldToHost(): Promise<void> {
    return new Promise((resolve) => {
      this.after(0, resolve)
    })
  }

  /** For test code that waits within virtual time while somebody else runs the clock. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve)
    })
  }

  /** Lets promise chains settle without any time passing. */
  settle(): Promise<void> {
    return macrotask()
  }

  async runFor(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs
    await this.#run(endMs, () => false)
    this.#nowMs = endMs
  }

  /** Resolves with the milliseconds it took; rejects when `limitMs` passed or nothing is left that could happen. */
  async runUntil(predicate: () => boolean, limitMs: number): Promise<number> {
    const fromMs = this.#nowMs
    if (await this.#run(fromMs + limitMs, predicate)) return this.#nowMs - fromMs
    const why = this.#queue.peek() ? `in ${limitMs} ms` : 'and nothing more is going to happen'
    throw new Error(`not reached ${why}: ${predicate.toString()}`)
  }

  /** Runs `work` to its end, time passing meanwhile. */
  async runWhile<T>(work: Promise<T>, limitMs: number): Promise<T> {
    let done = false
    const settled = work.then(
      () => {
        done = true
      },
      () => {
        done = true
      },
    )
    await this.runUntil(() => done, limitMs)
    await settled
    return work
  }

  async #run(endMs: number, predicate: () => boolean): Promise<boolean> {
    if (this.#running) throw new Error('the clock is already running')
    this.#running = true
    try {
      await macrotask()
      while (!predicate()) {
        const next = this.#queue.peek()
        if (!next || next.atMs > endMs) return false
        this.#queue.take()
        this.#nowMs = next.atMs
        next.call?.()
        await macrotask()
      }
      return true
    } finally {
      this.#running = false
    }
  }
}
