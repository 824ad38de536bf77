/** A TURN client for tests (RFC 8656), over UDP or TCP: asks, repeats what gets lost, says what the server answered. */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import {
  ATTRIBUTE,
  type Attribute,
  errorCodeOf,
  METHOD,
  messageBytes,
  readStun,
  readXorAddress,
  type Secrets,
  type StunMessage,
  writeStun,
  xorAddress,
} from './stun-message.ts'

/** RFC 8489 §6.2.1 repeats after 500 ms and doubles; on one machine nothing takes longer than this. */
const REPEAT_MS = 500
const ANSWER_MS = 8_000
const UDP_PROTOCOL = Buffer.from([17, 0, 0, 0])

interface Wire {
  send(bytes: Buffer): void
  close(): void
}

export interface ServerAt {
  readonly host: string
  readonly port: number
  readonly over: 'udp' | 'tcp'
}

function openWire({ host, port, over }: ServerAt, onMessage: (bytes: Buffer) => void): Promise<Wire> {
  if (over === 'udp') {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    socket.on('message', onMessage)
    // A port that is not open yet: repeating is the answer to that.
    socket.on('error', () => undefined)
    return Promise.resolve({ send: (bytes) => socket.send(bytes, port, host), close: () => socket.close() })
  }
  return new Promise((resolve, reject) => {
    let rest = Buffer.alloc(0)
    const socket = connect(port, host, () =>
      resolve({ send: (bytes) => socket.write(bytes), close: () => socket.destroy() }),
    )
    socket.once('error', reject)
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      for (let length = messageBytes(rest); length !== null; length = messageBytes(rest)) {
        onMessage(rest.subarray(0, length))
        rest = rest.subarray(length)
      }
    })
  })
}

export interface Credential {
  readonly username: string
  readonly credential: string
}

export class TurnClient {
  readonly #waiting = new Map<string, (message: StunMessage) => void>()
  readonly #data: { text: string; from: { address: string; port: number } }[] = []
  #onData: () => void = () => undefined
  #wire: Wire | null = null
  #secrets: Secrets | null = null

  static async open(server: ServerAt): Promise<TurnClient> {
    const client = new TurnClient()
    client.#wire = await openWire(server, (bytes) => client.#receive(readStun(Buffer.from(bytes))))
    return client
  }

  #receive(message: StunMessage): void {
    if (message.kind === 'indication' && message.method === METHOD.data) {
      const from = readXorAddress(message.attributes.get(ATTRIBUTE.peerAddress) ?? Buffer.alloc(8))
      this.#data.push({ text: String(message.attributes.get(ATTRIBUTE.data)), from })
      this.#onData()
    }
    this.#waiting.get(message.transaction)?.(message)
  }

  #ask(bytes: Buffer, transaction: string): Promise<StunMessage> {
    return new Promise((resolve, reject) => {
      const send = () => this.#wire?.send(bytes)
      const repeat = setInterval(send, REPEAT_MS)
      const end = () => {
        clearInterval(repeat)
        clearTimeout(limit)
        this.#waiting.delete(transaction)
      }
      const limit = setTimeout(() => {
        end()
        reject(new Error('the relay did not answer'))
      }, ANSWER_MS)
      this.#waiting.set(transaction, (message) => {
        end()
        resolve(message)
      })
      send()
    })
  }

  async #request(
    method: number,
    attributes: readonly Attribute[],
    transaction = randomBytes(12),
  ): Promise<StunMessage> {
    const { bytes } = writeStun(method, 'request', attributes, this.#secrets ?? undefined, transaction)
    return this.#ask(bytes, transaction.toString('hex'))
  }

  /** Whether it answers a Binding request, which needs no credential; what address it sees. */
  async binding(): Promise<{ readonly address: string; readonly port: number }> {
    const { bytes, transaction } = writeStun(METHOD.binding, 'request', [])
    const answer = await this.#ask(bytes, transaction)
    return readXorAddress(answer.attributes.get(ATTRIBUTE.mappedAddress) ?? Buffer.alloc(8))
  }

  /** Asks for an allocation as a browser does: first without, then with the credential. Gives the last code. */
  async allocate(
    credential: Credential,
    family: 4 | 6 = 4,
  ): Promise<{ readonly code: number; readonly relayed: { address: string; port: number } | null }> {
    const wanted: Attribute[] = [[ATTRIBUTE.transport, UDP_PROTOCOL]]
    if (family === 6) wanted.push([ATTRIBUTE.addressFamily, Buffer.from([2, 0, 0, 0])])
    const challenge = await this.#request(METHOD.allocate, wanted)
    const realm = challenge.attributes.get(ATTRIBUTE.realm)
    const nonce = challenge.attributes.get(ATTRIBUTE.nonce)
    if (!realm || !nonce) throw new Error(`no challenge but ${errorCodeOf(challenge)}`)
    this.#secrets = { ...credential, realm, nonce }
    const answer = await this.#request(METHOD.allocate, wanted)
    const relayed = answer.attributes.get(ATTRIBUTE.relayedAddress)
    const code = errorCodeOf(answer)
    return { code, relayed: relayed && code === 0 ? readXorAddress(relayed) : null }
  }

  /** CreatePermission: 0 when the relay would send to that address, else the code that it refuses with. */
  async permit(address: string): Promise<number> {
    const transaction = randomBytes(12)
    const peer = xorAddress(address, 9, transaction)
    return errorCodeOf(await this.#request(METHOD.permit, [[ATTRIBUTE.peerAddress, peer]], transaction))
  }

  /** Through the relay to a peer that was permitted. */
  send(text: string, address: string, port: number): void {
    const transaction = randomBytes(12)
    const peer = xorAddress(address, port, transaction)
    const attributes: Attribute[] = [
      [ATTRIBUTE.peerAddress, peer],
      [ATTRIBUTE.data, Buffer.from(text)],
    ]
    this.#wire?.send(writeStun(METHOD.send, 'indication', attributes, undefined, transaction).bytes)
  }

  /** The next text that came through the relay. */
  async received(): Promise<string> {
    const limit = AbortSignal.timeout(ANSWER_MS)
    while (this.#data.length === 0) {
      await new Promise<void>((resolve, reject) => {
        this.#onData = resolve
        limit.addEventListener('abort', () => reject(new Error('nothing came through the relay')), {
          once: true,
        })
      })
    }
    return this.#data.shift()?.text ?? ''
  }

  close(): void {
    this.#wire?.close()
  }
}
