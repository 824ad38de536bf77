import type { Clock, Unsubscribe } from '../ports.ts'

/** Calls at once, then at most once per interval; the last trigger is never lost. */
export class Throttle {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #call: () => void
  #cooling: Unsubscribe | null = null
  #again = false

  constructor(clock: Clock, intervalMs: number, call: () => void) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#call = call
  }

  trigger(): void {
    if (this.#cooling) {
      this.#again = true
      return
    }
    this.#cooling = this.#clock.after(this.#intervalMs, () => {
      this.#cooling = null
      if (!this.#again) return
      this.#again = false
      this.trigger()
    })
    this.#call()
  }

  cancel(): void {
    this.#cooling?.()
    this.#cooling = null
    this.#again = false
  }
}
