/** When everybody is told our digest: once it has been quiet for a while after a change, and now and then in any case. */
import { DIGEST_INTERVAL_MS, DIGEST_QUIET_MS } from './limits.ts'

export class DigestPace {
  #changedAtMs = 0
  #toldAtMs = 0
  /** Since the last change, after a quiet while. */
  #isTold = true

  /** What is held or stands is another. */
  changed(nowMs: number): void {
    this.#changedAtMs = nowMs
    this.#isTold = false
  }

  /** To be told again once more, as soon as it has been quiet, and not before `fromMs`. */
  again(fromMs: number): void {
    this.#isTold = false
    this.#changedAtMs = Math.max(this.#changedAtMs, fromMs - DIGEST_QUIET_MS)
  }

  /** `null` when it is not time. Whatever is due counts as told from now on. */
  due(nowMs: number): 'quiet' | 'interval' | null {
    const quiet = !this.#isTold && nowMs - this.#changedAtMs >= DIGEST_QUIET_MS
    if (!quiet && nowMs - this.#toldAtMs < DIGEST_INTERVAL_MS) return null
    this.#toldAtMs = nowMs
    if (quiet) this.#isTold = true
    return quiet ? 'quiet' : 'interval'
  }
}
