/**
 * Notices silence: pings a link on which nothing came for a while, gives it up later, measures the round trip.
 *
 * Silence is the sum of timers that ran out, not a difference of clock readings: somebody who sets the clock, or a
 * laptop that wakes up, must not lose every link at that moment.
 */
import { PING_INTERVAL_MS, SILENT_LINK_MS } from '../limits.ts'
import type { Clock, Unsubscribe } from '../ports.ts'

export interface LivenessEvents {
  ping(count: number): void
  /** Nothing came for {@link SILENT_LINK_MS}. Once; nothing follows. */
  silent(): void
}

/** Unanswered pings that are remembered: as many as fit into the longest silence. */
const PINGS_REMEMBERED = SILENT_LINK_MS / PING_INTERVAL_MS

export class Liveness {
  readonly #clock: Clock
  readonly #events: LivenessEvents
  readonly #pingedAtMs = new Map<number, number>()
  #cancel: Unsubscribe
  #heardSinceTimer = false
  #silentMs = 0
  #pingCount = 0
  #lastReceivedMs: number
  #roundTripMs: number | null = null

  constructor(clock: Clock, events: LivenessEvents) {
    this.#clock = clock
    this.#events = events
    this.#lastReceivedMs = clock.nowMs()
    this.#cancel = this.#arm(PING_INTERVAL_MS)
  }

  get lastReceivedMs(): number {
    return this.#lastReceivedMs
  }

  get roundTripMs(): number | null {
    return this.#roundTripMs
  }

  heard(): void {
    this.#heardSinceTimer = true
    this.#lastReceivedMs = this.#clock.nowMs()
  }

  /** An answer to no ping of ours changes nothing. */
  pong(count: number): void {
    const pingedAtMs = this.#pingedAtMs.get(count)
    if (pingedAtMs === undefined) return
    this.#roundTripMs = Math.max(0, this.#clock.nowMs() - pingedAtMs)
    for (const older of this.#pingedAtMs.keys()) if (older <= count) this.#pingedAtMs.delete(older)
  }

  stop(): void {
    this.#cancel()
  }

  #arm(delayMs: number): Unsubscribe {
    return this.#clock.after(delayMs, () => this.#timer(delayMs))
  }

  #timer(waitedMs: number): void {
    if (this.#heardSinceTimer) {
      const sinceMs = this.#clock.nowMs() - this.#lastReceivedMs
      this.#silentMs = Math.min(Math.max(sinceMs, 0), waitedMs)
      this.#heardSinceTimer = false
    } else {
      this.#silentMs += waitedMs
    }
    if (this.#silentMs >= SILENT_LINK_MS) {
      this.#events.silent()
    } else if (this.#silentMs < PING_INTERVAL_MS) {
      this.#cancel = this.#arm(PING_INTERVAL_MS - this.#silentMs)
    } else {
      this.#cancel = this.#arm(Math.min(PING_INTERVAL_MS, SILENT_LINK_MS - this.#silentMs))
      this.#ping()
    }
  }

  #ping(): void {
    const count = this.#pingCount++
    this.#pingedAtMs.set(count, this.#clock.nowMs())
    if (this.#pingedAtMs.size > PINGS_REMEMBERED) this.#pingedAtMs.delete(count - PINGS_REMEMBERED)
    this.#events.ping(count)
  }
}
