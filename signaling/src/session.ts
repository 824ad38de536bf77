/**
 * One connection's protocol on `/v1`, without I/O: text comes in, effects go out. Rules: docs/spec.md, SG.
 *
 * What a session sees: the room's id, the grant chain (keys, role, end, who invited whom), who is introduced to whom,
 * and the size and time of every sealed signal. It never sees names, SDP, addresses of candidates or any content:
 * `sealed` is ciphertext under a key that only the room's link holds.
 */
import {
  CLOSE,
  type ClientMessage,
  fromBase64Url,
  type PeerId,
  parseClientMessage,
  parseRoomId,
  type RoomId,
  type ServerMessage,
  SIGNALING_VERSION,
  type Standing,
  signalingProofMessage,
  toBase64Url,
  type Verify,
  verifyChain,
  limits as wire,
} from '@parley/protocol'
import * as v from 'valibot'
import type { ArchivistPort } from './archivist-link.ts'
import type { KeyPlaces } from './key-places.ts'
import type { RoomDirectory } from './room-directory.ts'
import type { Admission } from './tokens/admission.ts'
import { IceOffer, type IceSource } from './turn/ice-servers.ts'

/** Whatever is behind it: unknown room, foreign or expired grant or token, raised role, wrong proof, replay. */
const NOT_ADMITTED = 'not admitted to this room'
const NONCE_BYTES = 32

/** Why, for the log and the metrics of the operator; clients get the code and its text only. */
export type Refusal =
  | 'malformed'
  | 'out-of-order'
  | 'other-version'
  | 'chain'
  | 'expired'
  | 'token'
  | 'proof'
  | 'timeout'
  | 'rate'
  | 'address-full'
  | 'key-full'
  | 'room-full'

export type Effect =
  | { readonly type: 'send'; readonly message: ServerMessage }
  /** The connection belongs to `peer` from here on. */
  | { readonly type: 'proven'; readonly peer: PeerId }
  /** A signal to somebody who is not in the room. */
  | { readonly type: 'dropped' }
  /** Tell the client, then close; nothing follows. */
  | { readonly type: 'refuse'; readonly code: number; readonly reason: string; readonly why: Refusal }
  /** The client said goodbye; nothing follows. */
  | { readonly type: 'close' }

/** What all sessions of a server share. */
export interface SessionContext {
  /** Hosts under which clients may dial this server, lower case, with the port unless it is the scheme's own. */
  readonly hosts: readonly string[]
  readonly ice: IceSource
  readonly messagesPerSecond: number
  readonly expiryGraceMs: number
  readonly rooms: RoomDirectory
  readonly admission: Admission
  /** `null` where rooms are kept by nobody. */
  readonly archivist: ArchivistPort | null
  readonly keyPlaces: KeyPlaces
  readonly verify: Verify
  /** The same; may remember what verified. */
  readonly verifyGrant: Verify
  nowMs(): number
  randomBytes(count: number): Uint8Array
}

/** What let the client in. */
interface Rights {
  readonly standing: Standing
  /** Unix milliseconds; infinite where no token is asked for. */
  readonly tokenEndMs: number
}

type State =
  | { readonly at: 'greeting' }
  /** A signature is being verified, or the room entered; the client has nothing to say meanwhile. */
  | { readonly at: 'checking' }
  | ({ readonly at: 'challenged'; readonly nonce: Uint8Array } & Rights)
  | ({ readonly at: 'proven'; readonly peer: PeerId } & Rights)
  | { readonly at: 'closed' }

const otherHello = v.object({
  type: v.literal('hello'),
  v: v.pipe(v.number(), v.notValue(SIGNALING_VERSION)),
})

/** A later version's hello may hold fields that this one does not know: it still deserves the right answer. */
function isOtherVersion(text: string): boolean {
  try {
    return v.is(otherHello, JSON.parse(text))
  } catch {
    // Not JSON, or nested too deep: malformed, which is what the caller says when this returns false.
    return false
  }
}

export class Session {
  readonly #context: SessionContext
  readonly #emit: (effect: Effect) => void
  /** Takes one of the address's places for proven connections; false when there is none. */
  readonly #takePlace: () => boolean
  #state: State = { at: 'greeting' }
  #freeKeyPlace: (() => void) | null = null
  #ice: IceOffer | null = null
  #keeping = false
  /** What the client was told of the archivist last. */
  #toldAgreement: string | null = null

  constructor(context: SessionContext, emit: (effect: Effect) => void, takePlace: () => boolean) {
    this.#context = context
    this.#emit = emit
    this.#takePlace = takePlace
  }

  get stage(): State['at'] {
    return this.#state.at
  }

  /** `null` stands for a binary frame. Rejects only on a fault of our own. */
  async handleText(text: string | null): Promise<void> {
    if (this.#state.at === 'closed') return
    const message = text === null ? null : parseClientMessage(text)
    if (message) return this.#handle(message)
    if (text !== null && this.#state.at === 'greeting' && isOtherVersion(text)) return this.#refuseVersion()
    this.refuse('malformed')
  }

  async #handle(message: ClientMessage): Promise<void> {
    switch (message.type) {
      case 'hello':
        return this.#onHello(message)
      case 'proof':
        return this.#onProof(message.signature)
      case 'leave':
        return this.#onLeave()
      case 'renew':
      case 'signal':
      case 'more':
      case 'keep':
        return this.#whenProven(message)
    }
  }

  async #onHello(hello: ClientMessage & { type: 'hello' }): Promise<void> {
    if (this.#state.at !== 'greeting') return this.refuse('out-of-order')
    if (hello.v !== SIGNALING_VERSION) return this.#refuseVersion()
    this.#state = { at: 'checking' }
    const standing = await this.#standingOf(hello.room, hello.chain)
    if (this.stage !== 'checking' || !standing) return
    const tokenEndMs = await this.#context.admission.tokenEndMs(standing.roomId, hello.token)
    if (this.stage !== 'checking') return
    if (tokenEndMs === null) return this.refuse('token')
    const nonce = this.#context.randomBytes(NONCE_BYTES)
    this.#state = { at: 'challenged', standing, tokenEndMs, nonce }
    this.#emit({ type: 'send', message: { type: 'challenge', nonce: toBase64Url(nonce) } })
  }

  /** Refuses and returns `null` when the chain does not hold, here and now. */
  async #standingOf(room: string, chain: string): Promise<Standing | null> {
    const roomId = parseRoomId(room)
    const bytes = fromBase64Url(chain)
    if (!roomId || !bytes) {
      this.refuse('malformed')
      return null
    }
    const verdict = await verifyChain(bytes, roomId, this.#context.verifyGrant)
    if (!verdict.ok) this.refuse('chain')
    else if (this.#context.admission.chainEndMs(verdict.standing) <= this.#context.nowMs())
      this.refuse('expired')
    else return verdict.standing
    return null
  }

  async #onProof(signatureText: string): Promise<void> {
    const state = this.#state
    if (state.at !== 'challenged') return this.refuse('out-of-order')
    this.#state = { at: 'checking' }
    const host = await this.#provenHost(state.standing, state.nonce, fromBase64Url(signatureText))
    if (this.stage !== 'checking') return
    if (host === null) return this.refuse('proof')
    this.#ice = new IceOffer(this.#context.ice, state.standing.key, host)
    await this.#join(state)
  }

  /** The client signs the host that it dialled; which of ours that was is not told, and never read from a header. */
  async #provenHost(
    standing: Standing,
    nonce: Uint8Array,
    signature: Uint8Array | null,
  ): Promise<string | null> {
    const key = fromBase64Url(standing.key)
    if (signature?.length !== 64 || !key) return null
    for (const host of this.#context.hosts) {
      const message = signalingProofMessage(host, nonce, standing.roomId)
      if (await this.#context.verify(key, message, signature)) return host
    }
    return null
  }

  async #join({ standing, tokenEndMs }: Rights): Promise<void> {
    const { roomId, key } = standing
    this.#freeKeyPlace = this.#context.keyPlaces.take(roomId, key)
    if (!this.#freeKeyPlace) return this.refuse('key-full')
    if (!this.#takePlace()) return this.refuse('address-full')
    const { rooms } = this.#context
    const peer = rooms.newPeer()
    const peers = await rooms.join(roomId, peer)
    if (!peers) return this.refuse('room-full')
    if (this.stage !== 'checking') return rooms.leave(roomId, peer)
    this.#state = { at: 'proven', peer, standing, tokenEndMs }
    this.#emit({ type: 'proven', peer })
    this.#emit({ type: 'send', message: this.#welcome(peer, peers) })
    rooms.introduce(roomId, peer, peers)
  }

  #welcome(peer: PeerId, peers: readonly PeerId[]): ServerMessage {
    const { messagesPerSecond, nowMs } = this.#context
    const limits = { frameBytes: wire.SIGNALING_FRAME_BYTES, messagesPerSecond }
    const iceServers = this.#ice?.make(nowMs()) ?? []
    const agreement = this.#context.archivist?.agreement() ?? null
    this.#toldAgreement = agreement
    const archivist = agreement ? { archivist: { agreement } } : {}
    return { type: 'welcome', peer, peers: [...peers], iceServers, limits, ...archivist }
  }

  async #whenProven(message: ClientMessage & { type: 'renew' | 'signal' | 'more' | 'keep' }): Promise<void> {
    const state = this.#state
    if (state.at !== 'proven') return this.refuse('proof')
    const { peer, standing } = state
    if (message.type === 'renew') return this.#onRenew(message, standing)
    if (message.type === 'more') return this.#onMore(standing.roomId, peer)
    if (message.type === 'keep') return this.#onKeep(standing, message.sealed)
    this.#onSignal(standing.roomId, peer, message)
  }

  #onSignal(roomId: RoomId, from: PeerId, message: ClientMessage & { type: 'signal' }): void {
    const sent = this.#context.rooms.signal(roomId, from, message.to as PeerId, message.sealed)
    if (!sent) this.#emit({ type: 'dropped' })
  }

  async #onMore(roomId: RoomId, peer: PeerId): Promise<void> {
    const { rooms } = this.#context
    const peers = await rooms.sample(roomId, peer)
    if (this.stage !== 'proven') return
    this.#emit({ type: 'send', message: { type: 'sample', peers: [...peers] } })
    rooms.introduce(roomId, peer, peers)
  }

  /** Owners only, one question of a client at a time; why not is told to nobody. */
  async #onKeep({ role, roomId }: Standing, sealed: string): Promise<void> {
    const { archivist } = this.#context
    let accepted = false
    if (archivist && role === 'owner' && !this.#keeping) {
      this.#keeping = true
      accepted = await archivist.keep(roomId, sealed)
      this.#keeping = false
    }
    if (this.stage === 'proven') this.#emit({ type: 'send', message: { type: 'kept', accepted } })
  }

  /** A new token, a new chain to the same key, which has been proven already, or both. */
  async #onRenew({ token, chain }: ClientMessage & { type: 'renew' }, old: Standing): Promise<void> {
    if (chain === undefined && token === undefined) return this.refuse('malformed')
    if (chain !== undefined) await this.#renewChain(chain, old)
    if (token !== undefined) await this.#renewToken(token, old.roomId)
  }

  async #renewChain(chain: string, old: Standing): Promise<void> {
    const standing = await this.#standingOf(old.roomId, chain)
    if (!standing || this.#state.at !== 'proven') return
    if (standing.key !== old.key) return this.refuse('chain')
    this.#state = { ...this.#state, standing }
  }

  async #renewToken(token: string, roomId: RoomId): Promise<void> {
    const tokenEndMs = await this.#context.admission.tokenEndMs(roomId, token)
    if (tokenEndMs === null) return this.refuse('token')
    if (this.#state.at === 'proven') this.#state = { ...this.#state, tokenEndMs }
  }

  #onLeave(): void {
    this.handleClosed()
    this.#emit({ type: 'close' })
  }

  /** To be called on every heartbeat. */
  handleHeartbeat(): void {
    if (this.#state.at !== 'proven') return
    const { standing, tokenEndMs } = this.#state
    const endMs = Math.min(this.#context.admission.chainEndMs(standing), tokenEndMs)
    const nowMs = this.#context.nowMs()
    if (nowMs > endMs + this.#context.expiryGraceMs) return this.refuse('expired')
    const iceServers = this.#ice?.renewal(nowMs)
    if (iceServers) this.#emit({ type: 'send', message: { type: 'ice', iceServers } })
    this.#tellArchivist()
  }

  /** An archivist that came, went or changed its key since. */
  #tellArchivist(): void {
    const agreement = this.#context.archivist?.agreement() ?? null
    if (agreement === this.#toldAgreement) return
    this.#toldAgreement = agreement
    this.#emit({ type: 'send', message: { type: 'archivist', agreement } })
  }

  /** To be called `proveTimeoutMs` after the connection came. */
  handleProveTimeout(): void {
    if (this.#state.at !== 'proven') this.refuse('timeout')
  }

  /** The connection is gone, or going. Calling it again does nothing. */
  handleClosed(): void {
    const state = this.#state
    this.#state = { at: 'closed' }
    this.#freeKeyPlace?.()
    this.#freeKeyPlace = null
    if (state.at !== 'proven') return
    const { peer, standing } = state
    this.#context.rooms.leave(standing.roomId, peer)
  }

  refuse(why: Refusal): void {
    if (this.#state.at === 'closed') return
    this.handleClosed()
    this.#emit({ type: 'refuse', ...REFUSALS[why], why })
  }

  #refuseVersion(): void {
    this.refuse('other-version')
  }
}

const REFUSALS: Readonly<Record<Refusal, { readonly code: number; readonly reason: string }>> = {
  malformed: { code: CLOSE.malformed, reason: 'not a message of this protocol' },
  'out-of-order': { code: CLOSE.malformed, reason: 'message out of order' },
  'other-version': { code: CLOSE.version, reason: `this server speaks version ${SIGNALING_VERSION}` },
  chain: { code: CLOSE.notProven, reason: NOT_ADMITTED },
  expired: { code: CLOSE.notProven, reason: NOT_ADMITTED },
  token: { code: CLOSE.notProven, reason: NOT_ADMITTED },
  proof: { code: CLOSE.notProven, reason: NOT_ADMITTED },
  timeout: { code: CLOSE.timeout, reason: 'not proven in time' },
  rate: { code: CLOSE.rate, reason: 'too many messages' },
  'address-full': { code: CLOSE.rate, reason: 'too many connections from this address' },
  'key-full': { code: CLOSE.rate, reason: 'too many connections of this device' },
  'room-full': { code: CLOSE.full, reason: 'this room is full' },
}
