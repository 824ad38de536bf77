/** A WebSocket that keeps no more unsent than its limit, goes when it is told to, and is ended when it falls silent. */
import type { Writable } from 'node:stream'
import type WebSocket from 'ws'
import type { Limits } from './limits.ts'

export class GuardedSocket {
  readonly #socket: WebSocket
  readonly #wire: Writable
  readonly #limits: Pick<Limits, 'bufferedBytes' | 'closeGraceMs'>
  readonly #onSlowReader: () => void
  #answered = true

  /** @param wire what the WebSocket was made of: a frame that many get goes there as it is */
  constructor(
    socket: WebSocket,
    wire: Writable,
    limits: Pick<Limits, 'bufferedBytes' | 'closeGraceMs'>,
    onSlowReader: () => void,
  ) {
    this.#socket = socket
    this.#wire = wire
    this.#limits = limits
    this.#onSlowReader = onSlowReader
    socket.on('pong', () => {
      this.#answered = true
    })
  }

  /**
   * A whole frame of {@link textFrame}, made once for many: half of what sending costs is making it. ws itself writes
   * whole frames one after the other, since nothing is compressed or sent in parts.
   */
  send(frame: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#wire.write(frame)
    if (this.#socket.bufferedAmount <= this.#limits.bufferedBytes) return
    this.#onSlowReader()
    this.#socket.terminate()
  }

  /** Whoever does not answer the close frame is cut off, so that nobody keeps a place by staying silent. */
  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
    const cutOff = setTimeout(() => this.#socket.terminate(), this.#limits.closeGraceMs)
    this.#socket.once('close', () => clearTimeout(cutOff))
  }

  /** Something came: whoever is on the other side lives. */
  heard(): void {
    this.#answered = true
  }

  /** False when the last ping was not answered: the connection has been ended. */
  ping(): boolean {
    if (!this.#answered) {
      this.#socket.terminate()
      return false
    }
    this.#answered = false
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
    return true
  }
}

const FINAL_TEXT = 0x81
const LENGTH_IN_16_BITS = 126
const LENGTH_IN_64_BITS = 127

/** RFC 6455 §5.2: a final, unmasked text frame, as servers send them. */
export function textFrame(text: string): Buffer {
  const bytes = Buffer.byteLength(text)
  const headerBytes = bytes < LENGTH_IN_16_BITS ? 2 : bytes < 2 ** 16 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerBytes + bytes)
  frame[0] = FINAL_TEXT
  if (headerBytes === 2) frame[1] = bytes
  else if (headerBytes === 4) {
    frame[1] = LENGTH_IN_16_BITS
    frame.writeUInt16BE(bytes, 2)
  } else {
    frame[1] = LENGTH_IN_64_BITS
    frame.writeBigUInt64BE(BigInt(bytes), 2)
  }
  frame.write(text, headerBytes)
  return frame
}
