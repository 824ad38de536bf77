/** A WebSocket that keeps no more unsent than its limit, goes when it is told to, and is ended when it falls silent. */
import type WebSocket from 'ws'
import type { Limits } from './limits.ts'

export class GuardedSocket {
  readonly #socket: WebSocket
  readonly #limits: Pick<Limits, 'bufferedBytes' | 'closeGraceMs'>
  readonly #onSlowReader: () => void
  #answered = true

  constructor(
    socket: WebSocket,
    limits: Pick<Limits, 'bufferedBytes' | 'closeGraceMs'>,
    onSlowReader: () => void,
  ) {
    this.#socket = socket
    this.#limits = limits
    this.#onSlowReader = onSlowReader
    socket.on('pong', () => {
      this.#answered = true
    })
  }

  /** A text frame; bytes are UTF-8 that was encoded once for many. */
  send(text: string | Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(text, TEXT)
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

const TEXT = { binary: false }
