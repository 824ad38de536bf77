import type { Clock } from '../ports.ts'

export interface PipeRules {
  /** Delay of the next message, in milliseconds; order is kept whatever it says. */
  latencyMs(): number
  /** `Infinity`: nothing ever waits for the wire. */
  readonly bytesPerMs: number
  readonly lowWaterBytes: number
  /** Whether anything gets through at the moment; after it became true again, call {@link VirtualPipe.resume}. */
  passable(): boolean
  /** The receiver handles nothing before this moment. */
  receiverBusyUntilMs(): number
}

export interface PipeEvents {
  deliver(bytes: Uint8Array): void
  /** The sender closed after everything that was delivered. */
  ended(): void
  writable(): void
}

/** `bytes: null` stands for the sender's closing. */
interface InFlight {
  readonly bytes: Uint8Array | null
  readonly atMs: number
}

/**
 * One direction of a virtual connection: ordered and reliable. What could not be put on the wire waits in the sender's
 * buffer, what is on the wire arrives late when the way is blocked meanwhile. As in SCTP over DTLS, a receiver that
 * handles nothing does not hold the sender up.
 */
export class VirtualPipe {
  readonly #clock: Clock
  readonly #rules: PipeRules
  readonly #events: PipeEvents
  #waiting: Uint8Array[] = []
  #inFlight: InFlight[] = []
  #notBeforeMs: number
  #onWire = false
  #deliveryDue = false
  #stopped = false
  bufferedBytes = 0

  constructor(clock: Clock, notBeforeMs: number, rules: PipeRules, events: PipeEvents) {
    this.#clock = clock
    this.#notBeforeMs = notBeforeMs
    this.#rules = rules
    this.#events = events
  }

  send(bytes: Uint8Array): void {
    this.#waiting.push(bytes.slice())
    this.bufferedBytes += bytes.length
    this.#transmit()
  }

  /** What is on the wire still arrives, then `ended`; what waits in the buffer is lost, as with a real channel. */
  end(): void {
    this.#waiting = []
    this.bufferedBytes = 0
    this.#depart(null)
  }

  /** Nothing is delivered or reported any more. */
  stop(): void {
    this.#stopped = true
    this.#waiting = []
    this.#inFlight = []
  }

  resume(): void {
    this.#transmit()
    this.#scheduleDelivery()
  }

  #transmit(): void {
    while (!this.#stopped && !this.#onWire && this.#rules.passable()) {
      const next = this.#waiting.shift()
      if (!next) return
      if (this.#rules.bytesPerMs === Number.POSITIVE_INFINITY) {
        this.#sent(next)
        continue
      }
      this.#onWire = true
      this.#clock.after(next.length / this.#rules.bytesPerMs, () => {
        this.#onWire = false
        if (this.#stopped) return
        this.#sent(next)
        this.#transmit()
      })
    }
  }

  #sent(bytes: Uint8Array): void {
    const wasAbove = this.bufferedBytes > this.#rules.lowWaterBytes
    this.bufferedBytes = Math.max(0, this.bufferedBytes - bytes.length)
    this.#depart(bytes)
    if (wasAbove && this.bufferedBytes <= this.#rules.lowWaterBytes) {
      this.#clock.after(0, () => {
        if (!this.#stopped) this.#events.writable()
      })
    }
  }

  #depart(bytes: Uint8Array | null): void {
    this.#inFlight.push({ bytes, atMs: this.#clock.nowMs() + this.#rules.latencyMs() })
    this.#scheduleDelivery()
  }

  #scheduleDelivery(): void {
    const next = this.#inFlight[0]
    if (!next || this.#deliveryDue || this.#stopped) return
    this.#deliveryDue = true
    const atMs = Math.max(next.atMs, this.#notBeforeMs, this.#rules.receiverBusyUntilMs())
    this.#notBeforeMs = atMs
    this.#clock.after(atMs - this.#clock.nowMs(), () => this.#deliverNext())
  }

  #deliverNext(): void {
    this.#deliveryDue = false
    if (this.#stopped || !this.#rules.passable()) return
    if (this.#rules.receiverBusyUntilMs() <= this.#clock.nowMs()) {
      const next = this.#inFlight.shift()
      if (next?.bytes) this.#events.deliver(next.bytes)
      else this.#events.ended()
    }
    this.#scheduleDelivery()
  }
}
