/** How long the main thread of a page was busy at one go. */

export interface Stalls {
  /** Longest task as the browser reports it (W3C Long Tasks: those from 50 ms), 0 when there was none. */
  readonly longestTaskMs: number
  /** Longest time by which a timer came late. */
  readonly longestGapMs: number
}

const TIMER_MS = 4

export class StallProbe {
  #longestTaskMs = 0
  #longestGapMs = 0
  #expectedMs = 0
  #stopped = false
  readonly #observer = new PerformanceObserver((list) => this.#note(list))

  constructor() {
    this.#observer.observe({ type: 'longtask' })
    this.#wait()
  }

  reset(): void {
    this.#observer.takeRecords()
    this.#longestTaskMs = 0
    this.#longestGapMs = 0
  }

  stop(): Stalls {
    this.#stopped = true
    for (const entry of this.#observer.takeRecords()) this.#noteTask(entry)
    this.#observer.disconnect()
    return { longestTaskMs: this.#longestTaskMs, longestGapMs: this.#longestGapMs }
  }

  #note(list: PerformanceObserverEntryList): void {
    for (const entry of list.getEntries()) this.#noteTask(entry)
  }

  #noteTask(entry: PerformanceEntry): void {
    this.#longestTaskMs = Math.max(this.#longestTaskMs, entry.duration)
  }

  #wait(): void {
    this.#expectedMs = performance.now() + TIMER_MS
    setTimeout(() => {
      this.#longestGapMs = Math.max(this.#longestGapMs, performance.now() - this.#expectedMs)
      if (!this.#stopped) this.#wait()
    }, TIMER_MS)
  }
}
