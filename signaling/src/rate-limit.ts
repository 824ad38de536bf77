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

  /** Takes one token; false when there is none. A clock that goes back adds none. */
  take(nowMs: number): boolean {
    const elapsedMs = Math.max(0, nowMs - this.#atMs)
    this.#atMs = nowMs
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsedMs * this.#perMs)
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
