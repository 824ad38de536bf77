/** What a link may push without having been asked: a token bucket for bytes and one for frames. */
import { NEWS_BYTES_BURST, NEWS_BYTES_PER_SECOND, NEWS_FRAMES_BURST, NEWS_FRAMES_PER_SECOND } from '../limits.ts'

class Bucket {
  #level: number
  readonly #burst: number
  readonly #perMs: number

  constructor(perSecond: number, burst: number) {
    this.#level = burst
    this.#burst = burst
    this.#perMs = perSecond / 1000
  }

  take(amount: number, elapsedMs: number): boolean {
    this.#level = Math.min(this.#burst, this.#level + elapsedMs * this.#perMs) - amount
    return this.#level >= 0
  }
}

export class NewsBudget {
  readonly #bytes = new Bucket(NEWS_BYTES_PER_SECOND, NEWS_BYTES_BURST)
  readonly #frames = new Bucket(NEWS_FRAMES_PER_SECOND, NEWS_FRAMES_BURST)
  #lastMs: number

  constructor(nowMs: number) {
    this.#lastMs = nowMs
  }

  /** False once the link has pushed more than it may. */
  spend(bytes: number, nowMs: number): boolean {
    const elapsedMs = Math.max(0, nowMs - this.#lastMs)
    this.#lastMs = nowMs
    const framesLeft = this.#frames.take(1, elapsedMs)
    return this.#bytes.take(bytes, elapsedMs) && framesLeft
  }
}
