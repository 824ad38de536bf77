/** What a side may send before its proof was verified: HELLO, AUTH and the link's own CREDIT and CLOSE. No I/O. */
import { FRAME, limits, MalformedError } from '@parley/protocol'
import type { Lane } from './chunk.ts'

export class UnprovenGuard {
  #bytes = 0
  #frames = 0
  #credits = 0

  /** Before the chunk is looked into. Throws {@link MalformedError}. */
  chunk(bytes: number, lane: Lane): void {
    this.#bytes += bytes
    if (lane !== 'control') throw new MalformedError(`lane ${lane} before proof`)
    if (this.#bytes > limits.UNPROVEN_BYTES) throw new MalformedError('too many bytes before proof')
  }

  /** Throws {@link MalformedError}. */
  frame(type: number | undefined): void {
    if (type === FRAME.close) return
    // The other side may have verified us before we have verified it: its CREDIT is how it says so.
    if (type === FRAME.credit && this.#credits++ === 0) return
    if (++this.#frames > limits.UNPROVEN_FRAMES) throw new MalformedError('too many frames before proof')
  }
}
