/** A client of `/y-webrtc`, or of y-webrtc's own server, for tests: what arrives is queued, and waiting is for the next event. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import WebSocket from 'ws'

export interface Published {
  readonly type: string
  readonly topic?: string
  readonly data?: unknown
  readonly clients?: number
}

export class YWebrtcClient {
  readonly socket: WebSocket
  /** Close code; resolves once. */
  readonly closed: Promise<number>
  /** Below the WebSocket: a test may stop reading. */
  raw: Socket | null = null
  readonly #arrived: Published[] = []
  #wake: (() => void) | null = null
  #ended = false

  private constructor(url: string) {
    this.socket = new WebSocket(url)
    this.socket.once('upgrade', (response: IncomingMessage) => {
      this.raw = response.socket
    })
    this.socket.on('message', (data) => {
      this.#arrived.push(JSON.parse(String(data)) as Published)
      this.#wake?.()
    })
    // A server that dies resets the connection; `close` follows with 1006.
    this.socket.on('error', () => this.#wake?.())
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code) => {
        this.#ended = true
        this.#wake?.()
        resolve(code)
      })
    })
  }

  static async connect(url: string): Promise<YWebrtcClient> {
    const client = new YWebrtcClient(url)
    await once(client.socket, 'open')
    return client
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message))
  }

  subscribe(...topics: string[]): void {
    this.send({ type: 'subscribe', topics })
  }

  publish(topic: string, data: unknown): void {
    this.send({ type: 'publish', topic, data })
  }

  async next(): Promise<Published> {
    while (this.#arrived.length === 0) {
      if (this.#ended) throw new Error('closed while waiting')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#arrived.shift() as Published
  }

  /** Answered by both servers after everything before: what was sent has been handled. */
  async settled(): Promise<void> {
    this.send({ type: 'ping' })
    const { type } = await this.next()
    if (type !== 'pong') throw new Error(`expected pong, got ${type}`)
  }
}
