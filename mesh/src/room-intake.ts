/**
 * What comes over one link, in its order, as fast as its key's share of work lets it. What waits here has not been looked
 * at, and no credit was returned for it: the sender comes to wait as well. Rules: docs/spec.md, WK.
 */
import { CLOSE, type CloseCode } from '@parley/protocol'
import {
  BEHIND_MS,
  LINK_WAITING_BYTES,
  LINK_WAITING_MOST_BYTES,
  PACED_FRAMES,
  WAITING_FRAME_BYTES,
} from './limits.ts'
import type { Lane } from './link/chunk.ts'
import type { LinkWork } from './link/link-work.ts'
import type { Clock, Unsubscribe } from './ports.ts'

interface WaitingFrame {
  readonly bytes: Uint8Array
  readonly lane: Lane
}

export interface IntakeDeps {
  readonly clock: Clock
  readonly work: LinkWork
  /** Bytes that are past here and wait to be verified. */
  readonly verifyingBytes: () => number
  readonly dispatch: (bytes: Uint8Array, lane: Lane) => void
  /** News was left out, and there is room again: what is missing is to be asked for. */
  readonly caughtUp: () => void
  readonly close: (code: CloseCode, detail: string) => void
}

export class LinkIntake {
  readonly #deps: IntakeDeps
  #waiting: WaitingFrame[] = []
  #waitingBytes = 0
  /** What follows builds on what is being looked at. */
  #holdCount = 0
  #stopped = false
  #cancelPace: Unsubscribe | null = null
  #cancelCatchUp: Unsubscribe | null = null

  constructor(deps: IntakeDeps) {
    this.#deps = deps
  }

  /** Bytes that wait, here and for verification; frames count for more than their bytes. */
  get waitingBytes(): number {
    return this.#waitingBytes + this.#deps.verifyingBytes()
  }

  /** `isNews`: what is left out of it comes by sync. `bytes` is the receiver's again after the call. */
  receive(bytes: Uint8Array, lane: Lane, isNews: boolean): void {
    if (this.#stopped) return
    if (isNews && this.waitingBytes >= LINK_WAITING_BYTES) return this.#leaveOut()
    if (this.#waiting.length === 0 && this.#mayGoOn()) return this.#deps.dispatch(bytes, lane)
    if (this.waitingBytes >= LINK_WAITING_MOST_BYTES) return this.#deps.close(CLOSE.rate, 'too much waits')
    this.#waiting.push({ bytes: bytes.slice(), lane })
    this.#waitingBytes += bytes.length + WAITING_FRAME_BYTES
    this.#goOnLater()
  }

  /** What comes next waits until `work` is done. */
  async hold(work: Promise<void>): Promise<void> {
    this.#holdCount++
    try {
      await work
    } finally {
      this.#holdCount--
      this.#goOn()
    }
  }

  stop(): void {
    this.#stopped = true
    this.#waiting = []
    this.#waitingBytes = 0
    this.#cancelPace?.()
    this.#cancelCatchUp?.()
  }

  #mayGoOn(): boolean {
    return this.#holdCount === 0 && this.#deps.work.waitMs(this.#deps.clock.nowMs()) === 0
  }

  #goOn(mostFrames = Number.POSITIVE_INFINITY): void {
    let at = 0
    while (at < Math.min(mostFrames, this.#waiting.length) && !this.#stopped && this.#mayGoOn()) {
      const frame = this.#waiting[at++] as WaitingFrame
      this.#waitingBytes -= frame.bytes.length + WAITING_FRAME_BYTES
      this.#deps.dispatch(frame.bytes, frame.lane)
    }
    if (this.#stopped) return
    this.#waiting.splice(0, at)
    if (this.#waiting.length > 0) this.#goOnLater()
  }

  /**
   * When its share of work allows; what is being looked at calls when it is done. Not many at once: what applying them
   * takes is known only when it is done.
   */
  #goOnLater(): void {
    if (this.#holdCount > 0 || this.#cancelPace) return
    const { clock, work } = this.#deps
    this.#cancelPace = clock.after(Math.max(1, work.waitMs(clock.nowMs())), () => {
      this.#cancelPace = null
      this.#goOn(PACED_FRAMES)
    })
  }

  #leaveOut(): void {
    this.#cancelCatchUp ??= this.#deps.clock.after(BEHIND_MS, () => {
      this.#cancelCatchUp = null
      if (this.waitingBytes < LINK_WAITING_BYTES / 2) this.#deps.caughtUp()
      else this.#leaveOut()
    })
  }
}
