import {
  CLOSE,
  type ClientMessage,
  fromBase64Url,
  type PeerId,
  parseRoomId,
  type RoomId,
  SIGNALING_VERSION,
  type Standing,
  signalingProofMessage,
  verifyChain,
} from '@parley/protocol'
import type { Clock, Keyring } from '../ports.ts'

type Hello = Extract<ClientMessage, { type: 'hello' }>

/** What the signaling server in memory knows of one connection; decides whether its claim is proven. */
export class SignalingGuest {
  readonly #host: string
  readonly #keyring: Keyring
  readonly #clock: Clock
  readonly nonce: Uint8Array
  readonly met = new Set<PeerId>()
  #standing: Standing | null = null
  /** Set once proven and let in. */
  peer: PeerId | null = null

  constructor(host: string, nonce: Uint8Array, keyring: Keyring, clock: Clock) {
    this.#host = host
    this.nonce = nonce
    this.#keyring = keyring
    this.#clock = clock
  }

  /** As claimed by a valid chain; proven once `peer` is set. */
  get room(): RoomId | null {
    return this.#standing?.roomId ?? null
  }

  /** Resolves with a close code, or `null` when the chain is good and a challenge is due. */
  async handleHello(hello: Hello): Promise<number | null> {
    if (this.#standing) return CLOSE.malformed
    if (hello.v !== SIGNALING_VERSION) return CLOSE.version
    const room = parseRoomId(hello.room)
    const chain = fromBase64Url(hello.chain)
    if (!room || !chain) return CLOSE.malformed
    const verdict = await verifyChain(chain, room, async (...signed) => this.#keyring.verify(...signed))
    if (!verdict.ok || verdict.standing.notAfterMs <= this.#clock.nowMs()) return CLOSE.notProven
    this.#standing = verdict.standing
    return null
  }

  /** Resolves with a close code, or `null` when the signature is good. */
  async handleProof(signatureText: string): Promise<number | null> {
    if (!this.#standing || this.peer) return CLOSE.malformed
    const signature = fromBase64Url(signatureText)
    const key = fromBase64Url(this.#standing.key)
    const message = signalingProofMessage(this.#host, this.nonce, this.#standing.roomId)
    if (!key || !signature || !(await this.#keyring.verify(key, message, signature))) return CLOSE.notProven
    return null
  }
}
