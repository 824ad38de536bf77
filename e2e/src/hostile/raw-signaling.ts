/** The client's side of signaling, without any of the mesh's caution. */
import {
  type ClientMessage,
  fromBase64Url,
  parseServerMessage,
  type SealedSignal,
  type ServerMessage,
  SIGNALING_VERSION,
  signalingProofMessage,
  toBase64Url,
} from '@parley/protocol'
import WebSocket from 'ws'
import { type Guest, openSignal, sealSignal } from './guest.ts'

export class RawSignaling {
  readonly #url: string
  readonly #guest: Guest
  readonly #socket: WebSocket
  readonly #listeners = new Map<string, (signal: SealedSignal) => void>()
  #self = ''

  private constructor(url: string, guest: Guest) {
    this.#url = url
    this.#guest = guest
    this.#socket = new WebSocket(url)
  }

  /** Resolves with everybody who was there before. */
  static async join(
    url: string,
    guest: Guest,
  ): Promise<{ readonly signaling: RawSignaling; readonly peers: readonly string[] }> {
    const signaling = new RawSignaling(url, guest)
    const peers = await signaling.#join()
    return { signaling, peers }
  }

  /** The name that the server gave to this connection. */
  get self(): string {
    return this.#self
  }

  /** Signals that `peer` sends from now on. */
  listen(peer: string, listener: (signal: SealedSignal) => void): void {
    this.#listeners.set(peer, listener)
  }

  send(peer: string, signal: SealedSignal): void {
    const sealed = toBase64Url(sealSignal(this.#guest, this.#self, peer, signal))
    this.#say({ type: 'signal', to: peer, sealed })
  }

  close(): void {
    this.#socket.close()
  }

  #say(message: ClientMessage): void {
    this.#socket.send(JSON.stringify(message))
  }

  #join(): Promise<readonly string[]> {
    const { roomId, chain } = this.#guest
    return new Promise((resolve, reject) => {
      this.#socket.on('error', reject)
      this.#socket.on('close', (code) => reject(new Error(`signaling closed with ${code}`)))
      this.#socket.on('open', () =>
        this.#say({ type: 'hello', v: SIGNALING_VERSION, room: roomId, chain: toBase64Url(chain) }),
      )
      this.#socket.on('message', (data) => {
        const message = parseServerMessage(String(data))
        if (message?.type === 'welcome') {
          this.#self = message.peer
          resolve(message.peers)
        } else if (message) this.#handle(message)
      })
    })
  }

  #handle(message: ServerMessage): void {
    if (message.type === 'challenge') this.#prove(message.nonce)
    if (message.type !== 'signal') return
    const sealed = fromBase64Url(message.sealed) as Uint8Array
    this.#listeners.get(message.from)?.(openSignal(this.#guest, message.from, this.#self, sealed))
  }

  #prove(nonce: string): void {
    const host = new URL(this.#url).host
    const message = signalingProofMessage(host, fromBase64Url(nonce) as Uint8Array, this.#guest.roomId)
    this.#say({ type: 'proof', signature: toBase64Url(this.#guest.keys.sign(message)) })
  }
}
