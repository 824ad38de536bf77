/**
 * A signaling server in the hands of somebody with a valid invite: it reads what peers tell each other, and may hold it
 * back, change it, or speak in anybody's name. Towards its clients it behaves like the real one.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  fromBase64Url,
  parseClientMessage,
  type SealedSignal,
  type ServerMessage,
  toBase64Url,
} from '@parley/protocol'
import { type WebSocket, WebSocketServer } from 'ws'
import { openSignal, type RoomKnowledge, sealSignal } from './guest.ts'
import { random } from './keys.ts'

export interface OverheardSignal {
  readonly from: string
  readonly to: string
  readonly signal: SealedSignal
}

export class HostileSignaling {
  /** Everything that was said, whether passed on or not. */
  readonly overheard: OverheardSignal[] = []
  /** What becomes of a signal; by default it is passed on unchanged. */
  onSignal: (overheard: OverheardSignal) => void = ({ from, to, signal }) => this.say(from, to, signal)
  readonly #server = new WebSocketServer({ noServer: true })
  readonly #members = new Map<string, WebSocket>()
  #room: RoomKnowledge | null = null

  /** A link is all it takes. */
  learnRoom(room: RoomKnowledge): void {
    this.#room = room
  }

  readonly take = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#server.handleUpgrade(request, socket, head, (client) => this.#serve(client))
  }

  /** `to` hears it as if `from` had said it. */
  say(from: string, to: string, signal: SealedSignal): void {
    const client = this.#members.get(to)
    if (client)
      tell(client, { type: 'signal', from, sealed: toBase64Url(sealSignal(this.#known, from, to, signal)) })
  }

  get #known(): RoomKnowledge {
    if (!this.#room) throw new Error('no link to this room was learned')
    return this.#room
  }

  #serve(client: WebSocket): void {
    const name = toBase64Url(random(16))
    client.on('close', () => this.#members.delete(name))
    client.on('message', (data) => {
      const message = parseClientMessage(String(data))
      switch (message?.type) {
        case 'hello':
          return tell(client, { type: 'challenge', nonce: toBase64Url(random(32)) })
        case 'proof':
          return this.#welcome(name, client)
        case 'more':
          return tell(client, { type: 'sample', peers: [] })
        case 'signal':
          return this.#hear(name, message.to, message.sealed)
        default:
          return
      }
    })
  }

  #welcome(name: string, client: WebSocket): void {
    const limits = { frameBytes: 65_536, messagesPerSecond: 30 }
    tell(client, { type: 'welcome', peer: name, peers: [...this.#members.keys()], iceServers: [], limits })
    for (const other of this.#members.values()) tell(other, { type: 'introduce', peer: name })
    this.#members.set(name, client)
  }

  #hear(from: string, to: string, sealed: string): void {
    const signal = openSignal(this.#known, from, to, fromBase64Url(sealed) as Uint8Array)
    const overheard = { from, to, signal }
    this.overheard.push(overheard)
    this.onSignal(overheard)
  }
}

function tell(client: WebSocket, message: ServerMessage): void {
  client.send(JSON.stringify(message))
}
