/**
 * Keeps the text of a room that was searched: brought up to date when it has been quiet after a change, so that the next question
 * need not wait, and let go of when nobody has asked for a while.
 */
import type { KeptRoom } from '@parley/mesh'
import { TEXT_QUIET_MS, TEXT_WARM_MS } from './limits.ts'
import type { RoomText } from './room-text.ts'

export interface WarmEvents {
  /** It is to be forgotten. */
  cold(): void
  failed(error: unknown): void
}

export class WarmText {
  readonly text: RoomText
  readonly #events: WarmEvents
  readonly #unsubscribe: () => void
  #quiet: NodeJS.Timeout | null = null
  #warm: NodeJS.Timeout

  constructor(room: KeptRoom, text: RoomText, events: WarmEvents) {
    this.text = text
    this.#events = events
    this.#warm = this.#untilCold()
    this.#unsubscribe = room.onState(() => {
      if (room.state.name === 'closed') this.close()
      else this.#changed()
    })
  }

  /** Somebody asks. */
  use(): void {
    clearTimeout(this.#warm)
    this.#warm = this.#untilCold()
  }

  close(): void {
    this.#unsubscribe()
    clearTimeout(this.#warm)
    if (this.#quiet) clearTimeout(this.#quiet)
    this.#events.cold()
  }

  #untilCold(): NodeJS.Timeout {
    return setTimeout(() => this.close(), TEXT_WARM_MS).unref()
  }

  #changed(): void {
    if (this.#quiet) clearTimeout(this.#quiet)
    this.#quiet = setTimeout(() => {
      this.text.refresh().catch((error: unknown) => this.#events.failed(error))
    }, TEXT_QUIET_MS).unref()
  }
}
