/** A client for tests: what arrives is queued, and waiting is for the next event, never for time. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import {
  type ClientMessage,
  fromBase64Url,
  parseServerMessage,
  type ServerMessage,
  signalingProofMessage,
  toBase64Url,
} from '@parley/protocol'
import type { TestMember, TestRoom } from '@parley/protocol/testing'
import WebSocket from 'ws'
import type { RunningServer } from '../server.ts'

/** In this process or another one. */
export type ServerAddress = Pick<RunningServer, 'url'>

type Of<T extends ServerMessage['type']> = ServerMessage & { type: T }

export class TestClient {
  readonly socket: WebSocket
  /** Close code; resolves once. */
  readonly closed: Promise<number>
  /** Below the WebSocket: a test may stop reading, or pull the plug. */
  raw: Socket | null = null
  readonly #arrived: ServerMessage[] = []
  #wake: (() => void) | null = null
  #ended = false

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.once('upgrade', (response: IncomingMessage) => {
      this.raw = response.socket
    })
    socket.on('message', (data) => {
      const message = parseServerMessage(String(data))
      if (!message) throw new Error(`not a server message: ${String(data)}`)
      this.#arrived.push(message)
      this.#wake?.()
    })
    this.closed = once(socket, 'close').then(([code]) => {
      this.#ended = true
      this.#wake?.()
      return code as number
    })
  }

  /** Rejects when the upgrade is refused. */
  static async connect(server: ServerAddress, headers: Record<string, string> = {}): Promise<TestClient> {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1`, { headers })
    const client = new TestClient(socket)
    await once(socket, 'open')
    return client
  }

  send(message: ClientMessage): void {
    this.sendRaw(JSON.stringify(message))
  }

  sendRaw(data: string | Uint8Array): void {
    this.socket.send(data)
  }

  /** The next message, which has to be of this type. */
  async next<T extends ServerMessage['type']>(type: T): Promise<Of<T>> {
    while (this.#arrived.length === 0) {
      if (this.#ended) throw new Error(`closed while waiting for ${type}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const message = this.#arrived.shift() as ServerMessage
    if (message.type !== type) throw new Error(`expected ${type}, got ${JSON.stringify(message)}`)
    return message as Of<T>
  }

  hello(room: TestRoom, chainBytes: Uint8Array, token?: string): void {
    const chain = toBase64Url(chainBytes)
    this.send({ type: 'hello', v: 1, room: room.roomId, chain, ...(token === undefined ? {} : { token }) })
  }

  /** Answers a challenge as a client does that dialled `host`. */
  prove(room: TestRoom, member: TestMember, challenge: Of<'challenge'>, host: string): string {
    const nonce = fromBase64Url(challenge.nonce) as Uint8Array
    const message = signalingProofMessage(host, nonce, room.roomId)
    const signature = toBase64Url(member.key.sign(message))
    this.send({ type: 'proof', signature })
    return signature
  }

  /** What the server says before it closes, and the code it closes with. */
  async refusal(): Promise<{ readonly reason: string; readonly code: number }> {
    const { reason, code } = await this.next('refused')
    const closeCode = await this.closed
    if (closeCode !== code) throw new Error(`said ${code}, closed with ${closeCode}`)
    return { reason, code }
  }

  async leave(): Promise<number> {
    this.send({ type: 'leave' })
    return this.closed
  }
}

export function hostOfServer(server: ServerAddress): string {
  return new URL(server.url).host
}

/** Connects, proves, and returns with the welcome. */
export async function join(
  server: ServerAddress,
  room: TestRoom,
  member: TestMember,
  token?: string,
): Promise<{ readonly client: TestClient; readonly welcome: Of<'welcome'> }> {
  const client = await TestClient.connect(server)
  client.hello(room, member.chainBytes, token)
  client.prove(room, member, await client.next('challenge'), hostOfServer(server))
  return { client, welcome: await client.next('welcome') }
}

/** What an upgrade is refused with; written by hand, since ws would mend a wrong handshake. */
export async function upgradeRefusal(
  server: ServerAddress,
  path = '/v1',
  headers: Record<string, string> = {},
): Promise<IncomingMessage> {
  const handshake = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
    'Sec-WebSocket-Version': '13',
  }
  const outgoing = request(`${server.url}${path}`, { headers: { ...handshake, ...headers } }).end()
  const upgraded = once(outgoing, 'upgrade').then(([, socket]) => {
    ;(socket as Socket).destroy()
    throw new Error('the upgrade was accepted')
  })
  const [response] = (await Promise.race([once(outgoing, 'response'), upgraded])) as [IncomingMessage]
  return response.resume()
}

export async function upgradeStatus(...target: Parameters<typeof upgradeRefusal>): Promise<number> {
  return (await upgradeRefusal(...target)).statusCode as number
}
