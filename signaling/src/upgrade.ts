/** From an HTTP upgrade on `/v1` or `/y-webrtc` to a connection, or to an HTTP error before any memory is spent on it. */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { limits as wire } from '@parley/protocol'
import * as ws from 'ws'
import { addressForLog, addressKey, clientAddress } from './address.ts'
import { Connection, type ConnectionContext } from './connection.ts'
import { mayConnect } from './hosts.ts'
import { pathOf } from './http-routes.ts'
import { RETRY_AFTER_S } from './limits.ts'
import type { IsTrustedProxy } from './trusted-proxies.ts'
import { TopicConnection } from './y-webrtc/connection.ts'
import { type TopicEndpoint, topicRightOf, Y_WEBRTC_PATH } from './y-webrtc/endpoint.ts'
import type { TopicRight } from './y-webrtc/session.ts'

export interface UpgradeContext extends ConnectionContext {
  readonly hosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  readonly isTrustedProxy: IsTrustedProxy
  readonly topics: TopicEndpoint
  isDraining(): boolean
}

/** ws 8 exports its server class by name, ws 7 as a property of the default export. The types are those of ws 8. */
const WsServer =
  ws.WebSocketServer ?? (ws.default as unknown as { readonly Server: typeof ws.WebSocketServer }).Server

function reject(socket: Duplex, status: number): void {
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}`
  const retry = status === 503 ? `\r\nRetry-After: ${RETRY_AFTER_S}` : ''
  socket.end(`${head}${retry}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

const PATHS: ReadonlySet<string> = new Set(['/v1', Y_WEBRTC_PATH])

/** Accepts WebSockets for one server, and ends them. */
export class Upgrades {
  readonly #context: UpgradeContext
  readonly #webSockets = new WsServer({
    noServer: true,
    clientTracking: false,
    maxPayload: wire.SIGNALING_FRAME_BYTES,
    // Ciphertext does not compress, and every deflate context would cost an idle connection memory.
    perMessageDeflate: false,
  })
  readonly #connections = new Set<Connection | TopicConnection>()
  #whenEmpty: (() => void) | null = null

  constructor(context: UpgradeContext) {
    this.#context = context
  }

  listenTo(server: Server): void {
    server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head))
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { log, metrics, places, isTrustedProxy } = this.#context
    socket.on('error', this.#onSocketError)
    const forwardedFor = request.headers['x-forwarded-for']
    const address = clientAddress(request.socket.remoteAddress, String(forwardedFor ?? ''), isTrustedProxy)
    const key = addressKey(address)
    const status = this.#statusFor(request) ?? (places.take(key, 'unproven') ? null : 429)
    if (status !== null) {
      metrics.upgradeRejected(status)
      log('debug', 'upgrade-rejected', { status, address: addressForLog(address) })
      reject(socket, status)
    } else {
      this.#upgrade(request, socket, head, key)
    }
  }

  /** `null` when nothing speaks against the upgrade. */
  #statusFor(request: IncomingMessage): number | null {
    const { allowedOrigins, hosts, isDraining } = this.#context
    if (!PATHS.has(pathOf(request))) return 404
    if (isDraining()) return 503
    return mayConnect(request.headers.origin, allowedOrigins, hosts) ? null : 403
  }

  /** ws answers a bad handshake itself and then never calls back: the place is freed when the socket closes. */
  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, key: string): void {
    const free = this.#freeLater(key)
    socket.once('close', free)
    const accept = (make: (webSocket: ws.WebSocket) => Connection | TopicConnection) =>
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        socket.off('close', free)
        this.#hold(webSocket, make(webSocket))
      })
    if (pathOf(request) === '/v1') accept((webSocket) => new Connection(this.#context, webSocket, key))
    else
      this.#upgradeTopics(request, socket, (right) => {
        accept((webSocket) => {
          const accepted = { socket: webSocket, wire: socket, addressKey: key }
          return new TopicConnection(this.#context.topics.context, accepted, right)
        })
      })
  }

  /** Nothing is read from the socket while the token is being checked. */
  #upgradeTopics(request: IncomingMessage, socket: Duplex, accept: (right: TopicRight) => void): void {
    topicRightOf(request, this.#context.topics.verifyToken).then(
      (right) => (this.#context.isDraining() ? reject(socket, 503) : accept(right)),
      (error: unknown) => {
        this.#context.log('error', 'token-fault', { reason: String(error) })
        reject(socket, 500)
      },
    )
  }

  // Functions that live as long as a connection are made where no request is in reach: each would keep it, headers and
  // all, for as long (V8 holds one context per scope, with whatever any function of it uses).

  readonly #onSocketError = (error: Error): void => {
    this.#context.log('debug', 'upgrade-error', { reason: error.message })
  }

  #freeLater(key: string): () => void {
    return () => this.#context.places.free(key, 'unproven')
  }

  #hold(webSocket: ws.WebSocket, connection: Connection | TopicConnection): void {
    this.#connections.add(connection)
    webSocket.once('close', () => this.#forget(connection))
  }

  #forget(connection: Connection | TopicConnection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) this.#whenEmpty?.()
  }

  handleHeartbeat(): void {
    for (const connection of this.#connections) connection.handleHeartbeat()
  }

  /** Tells everybody to go; resolves when they are gone, or cut off after their closing grace. */
  async drain(): Promise<void> {
    if (this.#connections.size === 0) return
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve
    })
    for (const connection of this.#connections) connection.goAway()
    await empty
  }
}
