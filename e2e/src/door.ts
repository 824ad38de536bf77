/**
 * What stands between a browser and the servers, so that signaling can fail while the app is still served: plain HTTP
 * goes to the app's server, WebSockets go to signaling, to nobody, or to a hostile server.
 */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'

export type TakeSocket = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

export interface Targets {
  readonly appPort: number
  /** `null` while signaling is down. */
  readonly signalingPort: () => number | null
}

export interface ExtraFile {
  readonly contentType: string
  readonly body: string | Uint8Array
  /** 200 unless told otherwise. */
  readonly status?: number
}

export class Door {
  readonly port: number
  readonly origin: string
  /** Served beside the app, by path. */
  readonly extraFiles = new Map<string, ExtraFile>()
  readonly #server: Server
  readonly #upgraded = new Set<Duplex>()
  #targets: Targets | null = null
  #blocked = false
  #hijack: TakeSocket | null = null

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    this.origin = `http://127.0.0.1:${this.port}`
    server.on('request', (incoming, response) => this.#handleRequest(incoming, response))
    server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#handleUpgrade(incoming, socket, head),
    )
  }

  static async build(): Promise<Door> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Door(server)
  }

  get host(): string {
    return `127.0.0.1:${this.port}`
  }

  leadTo(targets: Targets): void {
    this.#targets = targets
  }

  /** Ends what is open and lets no new WebSocket through, until `unblock`. */
  blockSignaling(): void {
    this.#blocked = true
    this.dropSockets()
  }

  unblockSignaling(): void {
    this.#blocked = false
  }

  /** From now on WebSockets are answered by somebody else. */
  hijackSignaling(take: TakeSocket): void {
    this.#hijack = take
  }

  dropSockets(): void {
    for (const socket of this.#upgraded) socket.destroy()
  }

  async close(): Promise<void> {
    this.dropSockets()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #handleRequest(incoming: IncomingMessage, response: ServerResponse): void {
    const extra = this.extraFiles.get(incoming.url ?? '')
    if (extra) {
      response.writeHead(extra.status ?? 200, { 'Content-Type': extra.contentType }).end(extra.body)
      return
    }
    const { method, url, headers } = incoming
    const options = { host: '127.0.0.1', port: this.#targets?.appPort, method, path: url, headers }
    const outgoing = request(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    incoming.pipe(outgoing)
  }

  #handleUpgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    const port = this.#targets?.signalingPort() ?? null
    this.#upgraded.add(socket)
    socket.once('close', () => this.#upgraded.delete(socket))
    if (this.#hijack) this.#hijack(incoming, socket, head)
    else if (this.#blocked || port === null) socket.destroy()
    else this.#pass(incoming, socket, head, port)
  }

  #pass(incoming: IncomingMessage, socket: Duplex, head: Buffer, port: number): void {
    const { method, url, rawHeaders } = incoming
    const lines = [`${method} ${url} HTTP/1.1`]
    for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
    const onward = connect(port, '127.0.0.1')
    onward.write(`${lines.join('\r\n')}\r\n\r\n`)
    onward.write(head)
    socket.pipe(onward).pipe(socket)
    for (const [end, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      end.on('error', () => other.destroy())
      end.on('close', () => other.destroy())
    }
  }
}
