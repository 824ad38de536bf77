/** The receiver's half of credit: how many bulk bytes lie here unread, and when to let more come. No I/O. */
import { CREDIT_STEP_BYTES, CREDIT_WINDOW_BYTES, LANE_FRAME_BYTES } from '../limits.ts'

/** One frame of slack for a sender that counts whole frames. */
const ALLOWED_BYTES = CREDIT_WINDOW_BYTES + LANE_FRAME_BYTES.sync

export class ReceiveWindow {
  #unreadBytes = 0
  #ungrantedBytes = 0

  /** False: the sender went beyond what it was granted. */
  arrived(bytes: number): boolean {
    this.#unreadBytes += bytes
    return this.#unreadBytes + this.#ungrantedBytes <= ALLOWED_BYTES
  }

  /** Bytes to grant now, or 0. Throws a `RangeError` when more was dealt with than came. */
  consumed(bytes: number): number {
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > this.#unreadBytes) {
      throw new RangeError(`${bytes} bytes dealt with, ${this.#unreadBytes} came`)
    }
    this.#unreadBytes -= bytes
    this.#ungrantedBytes += bytes
    if (this.#ungrantedBytes < CREDIT_STEP_BYTES) return 0
    const granted = this.#ungrantedBytes
    this.#ungrantedBytes = 0
    return granted
  }
}
