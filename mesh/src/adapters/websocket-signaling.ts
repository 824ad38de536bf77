import { CLOSE, type ClientMessage, limits, parseServerMessage } from '@parley/protocol'
import type { DialSignaling, SignalingConnection, SignalingEvents } from '../ports.ts'

/** What browsers' WebSocket and that of `ws` have in common. */
export interface WebSocketLike {
  readonly readyState: number
  addEventListener(type: 'open' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void
  send(text: string): void
  close(code?: number): void
}
export type WebSocketClass = new (url: string) => WebSocketLike

const OPEN = 1
/** The code of a connection that never was, or broke (RFC 6455 §7.1.5). */
const ABNORMAL_CLOSURE = 1006

class WebSocketSignaling implements SignalingConnection {
  readonly #events: SignalingEvents
  readonly #socket: WebSocketLike | null
  #closed = false

  constructor(socketClass: WebSocketClass, url: string, events: SignalingEvents) {
    this.#events = events
    this.#socket = this.#dial(socketClass, url)
    if (!this.#socket) this.#finish(ABNORMAL_CLOSURE)
  }

  send(message: ClientMessage): void {
    if (this.#closed) return
    if (this.#socket?.readyState === OPEN) this.#socket.send(JSON.stringify(message))
  }

  close(): void {
    this.#end(CLOSE.normal)
  }

  /** `null` for an address that no WebSocket can be made for. */
  #dial(socketClass: WebSocketClass, url: string): WebSocketLike | null {
    let socket: WebSocketLike
    try {
      socket = new socketClass(url)
    } catch (error) {
      if (error instanceof Error || error instanceof DOMException) return null
      throw error
    }
    socket.addEventListener('open', () => {
      if (!this.#closed) this.#events.open()
    })
    socket.addEventListener('message', ({ data }) => this.#onFrame(data))
    socket.addEventListener('close', ({ code }) => this.#finish(code))
    socket.addEventListener('error', () => {
      // It says nothing that may be read (HTML, "fail the WebSocket connection"), and `close` follows.
    })
    return socket
  }

  #onFrame(data: unknown): void {
    if (this.#closed) return
    const small = typeof data === 'string' && data.length <= limits.SIGNALING_FRAME_BYTES
    const message = small ? parseServerMessage(data) : null
    if (message) this.#events.message(message)
    else this.#end(CLOSE.malformed)
  }

  /** Does not wait for the server's answer: a dead network would let us wait for minutes. */
  #end(code: number): void {
    if (this.#closed) return
    this.#socket?.close(code)
    this.#finish(code)
  }

  #finish(code: number): void {
    if (this.#closed) return
    this.#closed = true
    queueMicrotask(() => this.#events.closed(code))
  }
}

/** Signaling over a WebSocket, one JSON object a frame. A frame that does not parse ends the connection with 4400. */
export function webSocketSignaling(socketClass: WebSocketClass): DialSignaling {
  return (url, events) => new WebSocketSignaling(socketClass, url, events)
}
