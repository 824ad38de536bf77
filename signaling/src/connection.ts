/** One WebSocket and its session: text in, frames out, and the limits that need a socket or a timer. */
import { CLOSE, type PeerId, type ServerMessage } from '@parley/protocol'
import type WebSocket from 'ws'
import type { ConnectionPlaces, Stage } from './connection-places.ts'
import { type Limits, RETRY_AFTER_S } from './limits.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { TokenBucket } from './rate-limit.ts'
import { type Effect, Session, type SessionContext } from './session.ts'

/** RFC 6455 §7.4.1: the server met a condition that it did not expect. */
const INTERNAL_ERROR = 1011

export const GOING_AWAY = `going away: reconnect elsewhere, or here in ${RETRY_AFTER_S} s`

/** What all connections of a server share. */
export interface ConnectionContext {
  readonly session: SessionContext
  readonly limits: Limits
  readonly places: ConnectionPlaces
  /** Proven connections by their peer. */
  readonly peers: Map<PeerId, Connection>
  readonly metrics: Metrics
  readonly log: Log
}

/** The caller has taken an unproven place for `addressKey`; the connection frees it. */
export class Connection {
  readonly #context: ConnectionContext
  readonly #socket: WebSocket
  readonly #addressKey: string
  readonly #session: Session
  readonly #bucket: TokenBucket
  #proveTimer: NodeJS.Timeout | null
  #stage: Stage = 'unproven'
  #peer: PeerId | null = null
  #answered = true

  constructor(context: ConnectionContext, socket: WebSocket, addressKey: string) {
    const { limits, session } = context
    this.#context = context
    this.#socket = socket
    this.#addressKey = addressKey
    this.#bucket = new TokenBucket(limits.messagesPerSecond, limits.messagesBurst, session.nowMs())
    this.#session = new Session(
      session,
      (effect) => this.#run(effect),
      () => this.#takeProvenPlace(),
    )
    this.#proveTimer = setTimeout(() => this.#session.handleProveTimeout(), limits.proveTimeoutMs)
    this.#listen()
  }

  #listen(): void {
    this.#socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary))
    this.#socket.on('pong', () => {
      this.#answered = true
    })
    // Frames beyond the limit, bad UTF-8, a reset connection: ws closes by itself, `close` follows.
    this.#socket.on('error', (error) => this.#context.log('debug', 'socket-error', { reason: error.message }))
    this.#socket.on('close', () => this.#onClosed())
  }

  /** ws 7 hands text over as a string, ws 8 as a Buffer that is said not to be binary. */
  #onMessage(data: WebSocket.RawData | string, isBinary: boolean | undefined): void {
    if (this.#session.stage === 'closed') return
    this.#answered = true
    const text = typeof data === 'string' ? data : isBinary === false ? String(data) : null
    this.#context.metrics.messageReceived(text?.length ?? 0)
    if (this.#bucket.take(this.#context.session.nowMs())) {
      this.#session.handleText(text).catch((error: unknown) => this.#onFault(error))
    } else {
      this.#session.refuse('rate')
    }
  }

  /** A fault of our own ends this connection, never the process. */
  #onFault(error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#context.log('error', 'session-fault', { reason })
    this.#session.handleClosed()
    this.#close(INTERNAL_ERROR, '')
  }

  #takeProvenPlace(): boolean {
    if (!this.#context.places.take(this.#addressKey, 'proven')) return false
    this.#context.places.free(this.#addressKey, 'unproven')
    this.#stage = 'proven'
    this.#stopProveTimer()
    return true
  }

  #stopProveTimer(): void {
    if (this.#proveTimer) clearTimeout(this.#proveTimer)
    this.#proveTimer = null
  }

  #run(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.send(effect.message)
        break
      case 'proven':
        this.#peer = effect.peer
        this.#context.peers.set(effect.peer, this)
        break
      case 'dropped':
        this.#context.metrics.signalDropped()
        break
      case 'refuse':
        this.#refuse(effect)
        break
      case 'close':
        this.#close(CLOSE.normal, '')
    }
  }

  #refuse({ code, reason, why }: Effect & { type: 'refuse' }): void {
    this.#context.metrics.refused(why)
    this.#context.log('debug', 'refused', { code, why })
    this.send({ type: 'refused', code, reason })
    this.#close(code, reason)
  }

  send(message: ServerMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(JSON.stringify(message))
    if (this.#socket.bufferedAmount <= this.#context.limits.bufferedBytes) return
    this.#context.metrics.slowReader()
    this.#socket.terminate()
  }

  /** Whoever does not answer the close frame is cut off, so that nobody keeps a place by staying silent. */
  #close(code: number, reason: string): void {
    this.#stopProveTimer()
    this.#socket.close(code, reason)
    const cutOff = setTimeout(() => this.#socket.terminate(), this.#context.limits.closeGraceMs)
    this.#socket.once('close', () => clearTimeout(cutOff))
  }

  /** Every `heartbeatMs`: ends connections that did not answer the last ping, and expired grants. */
  handleHeartbeat(): void {
    if (!this.#answered) {
      this.#socket.terminate()
      return
    }
    this.#answered = false
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
    this.#session.handleHeartbeat()
  }

  /** The server is going down: the client is told to come back elsewhere or later. */
  goAway(): void {
    this.#close(CLOSE.goingAway, GOING_AWAY)
  }

  #onClosed(): void {
    this.#stopProveTimer()
    this.#session.handleClosed()
    this.#context.places.free(this.#addressKey, this.#stage)
    if (this.#peer) this.#context.peers.delete(this.#peer)
  }
}
