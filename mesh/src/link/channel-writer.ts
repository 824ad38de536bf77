/** Moves chunks from a queue into a channel, as fast as the channel takes them and no faster. */
import { CHANNEL_HIGH_BYTES, CHANNEL_LOW_BYTES } from '../limits.ts'
import type { Transport } from '../ports.ts'
import type { SendQueue } from './send-queue.ts'

export type LinkTransport = Pick<Transport, 'send' | 'bufferedBytes' | 'close'>

export class ChannelWriter {
  readonly #transport: LinkTransport
  readonly #queue: SendQueue
  readonly #failed: (error: Error) => void
  #running = false
  #stopped = false
  #sentBytes = 0
  #sentFrames = 0

  /** `failed` is called when the transport throws; the writer has stopped by then. */
  constructor(transport: LinkTransport, queue: SendQueue, failed: (error: Error) => void) {
    this.#transport = transport
    this.#queue = queue
    this.#failed = failed
  }

  get sentBytes(): number {
    return this.#sentBytes
  }

  get sentFrames(): number {
    return this.#sentFrames
  }

  get bufferedBytes(): number {
    return this.#stopped ? 0 : this.#transport.bufferedBytes()
  }

  /** Everything has left for the network, as far as the channel knows. */
  get isDrained(): boolean {
    return this.#queue.isEmpty && this.bufferedBytes === 0
  }

  /** Nothing more is sent, what waits is dropped. */
  stop(): void {
    this.#stopped = true
    this.#queue.drop()
  }

  /**
   * Stops only above the high mark, which is above the low one: so whenever something is left waiting for the
   * channel, its buffer has still to fall through the low mark, and the channel will say so.
   */
  run(): void {
    if (this.#running) return
    this.#running = true
    try {
      while (!this.#stopped && this.bufferedBytes <= CHANNEL_HIGH_BYTES && this.#sendNext());
    } finally {
      this.#running = false
    }
  }

  /** A frame of one chunk, past an empty queue. False, and nothing is sent, when it would have to wait. */
  sendNow(chunk: Uint8Array): boolean {
    if (this.#stopped || this.#running || !this.#queue.isEmpty) return false
    if (!this.#queue.isOpen || this.bufferedBytes > CHANNEL_LOW_BYTES || !this.#hand(chunk)) return false
    this.#sentFrames++
    return true
  }

  #sendNext(): boolean {
    const outgoing = this.#queue.next()
    if (!outgoing) return false
    if (!this.#hand(outgoing.chunk)) {
      outgoing.waiter?.dropped()
      return false
    }
    if (outgoing.finished) this.#sentFrames++
    outgoing.waiter?.handedOver()
    return true
  }

  #hand(chunk: Uint8Array): boolean {
    try {
      this.#transport.send(chunk)
    } catch (error) {
      this.stop()
      this.#failed(error instanceof Error ? error : new Error(String(error)))
      return false
    }
    this.#sentBytes += chunk.length
    return true
  }
}
