/** A token bucket: `perSecond` sustained, `burst` at once. Pure: time comes in with every call. */
export class TokenBucket {
  readonly #perMs: number
  readonly #burst: number
  #tokens: number
  #atMs: number

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perMs = perSecond / 1000
    this.#burst = burst
    this.#tokens = burst
    this.#atMs = nowMs
  }

  /** Takes so many tokens; false, and none taken, when there are fewer. A clock that goes back adds none. */
  take(nowMs: number, count = 1): boolean {
    const elapsedMs = Math.max(0, nowMs - this.#atMs)
    this.#atMs = nowMs
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsedMs * this.#perMs)
    if (this.#tokens < count) return false
    this.#tokens -= count
    return true
  }
}
