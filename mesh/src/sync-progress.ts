/** How far a room has come in receiving what others have; told only while that takes a while. */
import type { SyncState } from './api.ts'

export class SyncProgress {
  #sinceMs: number | null = null
  #receivedCount = 0
  #receivedBytes = 0
  #state: SyncState | null = null

  get state(): SyncState | null {
    return this.#state
  }

  /** An entry came that was asked for. */
  received(bytes: number): void {
    this.#receivedCount++
    this.#receivedBytes += bytes
  }

  /** Once in a while. Returns whether the state changed. */
  update(nowMs: number, missingCount: number, afterMs: number): boolean {
    const before = this.#state
    if (missingCount === 0) {
      this.#sinceMs = null
      this.#receivedCount = 0
      this.#receivedBytes = 0
      this.#state = null
      return before !== null
    }
    this.#sinceMs ??= nowMs
    if (nowMs - this.#sinceMs < afterMs) return false
    const [receivedCount, receivedBytes] = [this.#receivedCount, this.#receivedBytes]
    this.#state = { receivedCount, receivedBytes, missingCount }
    return before?.receivedCount !== receivedCount || before.missingCount !== missingCount
  }
}
