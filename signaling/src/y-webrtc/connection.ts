/** One WebSocket on `/y-webrtc` and its session: text in, frames out, and the limits that need a socket or a timer. */
import type { Writable } from 'node:stream'
import { CLOSE } from '@parley/protocol'
import type WebSocket from 'ws'
import type { ConnectionPlaces, Stage } from '../connection-places.ts'
import { GuardedSocket, textFrame } from '../guarded-socket.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { TokenBucket } from '../rate-limit.ts'
import { PONG } from './messages.ts'
import { type TopicEffect, type TopicRight, TopicSession, type TopicSessionContext } from './session.ts'

/** What all connections of a server share. */
export interface TopicContext {
  readonly session: TopicSessionContext<TopicConnection>
  readonly limits: Limits
  readonly places: ConnectionPlaces
  readonly metrics: Metrics
  readonly log: Log
  /** Hands what was published to the other instances; does nothing without any. */
  readonly passOn: (topic: string, text: string) => void
}

const PONG_FRAME = textFrame(PONG)

export interface Accepted {
  readonly socket: WebSocket
  /** What it was made of. */
  readonly wire: Writable
  readonly addressKey: string
}

/** The caller has taken an unproven place for `addressKey`; the connection frees it. */
export class TopicConnection {
  readonly #context: TopicContext
  readonly #socket: GuardedSocket
  readonly #addressKey: string
  readonly #session: TopicSession<TopicConnection>
  readonly #frames: TokenBucket
  readonly #bytes: TokenBucket
  readonly #timer: NodeJS.Timeout
  #stage: Stage = 'unproven'

  constructor(context: TopicContext, { socket, wire, addressKey }: Accepted, right: TopicRight) {
    const { limits, session, metrics } = context
    const nowMs = session.nowMs()
    this.#context = context
    this.#addressKey = addressKey
    this.#socket = new GuardedSocket(socket, wire, limits, () => metrics.slowReader())
    this.#frames = new TokenBucket(limits.topicMessagesPerSecond, limits.topicMessagesBurst, nowMs)
    this.#bytes = new TokenBucket(limits.topicBytesPerSecond, limits.topicBytesBurst, nowMs)
    this.#session = new TopicSession<TopicConnection>(session, {
      self: this,
      right,
      emit: (effect) => this.#run(effect),
      takePlace: () => this.#takePlace(),
    })
    this.#timer = setTimeout(() => this.#session.handleTimeout(), limits.proveTimeoutMs)
    this.#listen(socket)
    this.#session.start()
  }

  #listen(socket: WebSocket): void {
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary))
    // Frames beyond the limit, bad UTF-8, a reset connection: ws closes by itself, `close` follows.
    socket.on('error', (error) => this.#context.log('debug', 'socket-error', { reason: error.message }))
    socket.on('close', () => this.#onClosed())
  }

  #onMessage(data: WebSocket.RawData, isBinary: boolean): void {
    if (this.#session.isClosed) return
    this.#socket.heard()
    const text = isBinary ? null : String(data)
    const size = text?.length ?? 0
    this.#context.metrics.messageReceived(size)
    const nowMs = this.#context.session.nowMs()
    if (this.#frames.take(nowMs) && this.#bytes.take(nowMs, size)) this.#session.handleText(text)
    else this.#session.refuse('rate')
  }

  #takePlace(): boolean {
    if (!this.#context.places.take(this.#addressKey, 'proven')) return false
    this.#context.places.free(this.#addressKey, 'unproven')
    this.#stage = 'proven'
    clearTimeout(this.#timer)
    return true
  }

  #run(effect: TopicEffect<TopicConnection>): void {
    switch (effect.type) {
      case 'pong':
        return this.send(PONG_FRAME)
      case 'deliver':
        return deliver(effect.to, effect.text)
      case 'pass-on':
        return this.#context.passOn(effect.topic, effect.text)
      case 'dropped':
        return this.#context.metrics.signalDropped()
      case 'refuse':
        clearTimeout(this.#timer)
        this.#context.metrics.refused(effect.why)
        this.#context.log('debug', 'refused', { code: effect.code, why: effect.why })
        return this.#socket.close(effect.code, effect.reason)
    }
  }

  send(frame: Buffer): void {
    this.#socket.send(frame)
  }

  handleHeartbeat(): void {
    if (this.#socket.ping()) this.#session.handleHeartbeat()
  }

  /** The server is going down: the client is told to come back elsewhere or later. */
  goAway(): void {
    clearTimeout(this.#timer)
    this.#socket.close(CLOSE.goingAway, 'server is going away')
  }

  #onClosed(): void {
    clearTimeout(this.#timer)
    this.#session.handleClosed()
    this.#context.places.free(this.#addressKey, this.#stage)
  }
}

/** Encoded once, however many listen. A slow reader that is ended meanwhile leaves the set later, with its `close`. */
export function deliver(to: Iterable<TopicConnection>, text: string): void {
  const frame = textFrame(text)
  for (const one of to) one.send(frame)
}
