import {
  CLOSE,
  type ClientMessage,
  fromBase64Url,
  type IceServer,
  limits,
  type PeerId,
  parseClientMessage,
  parseServerMessage,
  type RoomId,
  type ServerMessage,
  toBase64Url,
} from '@parley/protocol'
import type { Clock, DialSignaling, Keyring, Random, SignalingConnection, SignalingEvents } from '../ports.ts'
import { sampleOf } from './sample.ts'
import { SignalingGuest } from './signaling-guest.ts'

/** The WebSocket API's code for a connection that broke (RFC 6455 §7.1.5). */
const ABNORMAL_CLOSURE = 1006

export interface SealedInTransit {
  readonly from: PeerId
  readonly to: PeerId
  readonly fromHost: string
  readonly toHost: string
  readonly sealed: string
}

export interface MemorySignalingOptions {
  /** One way, drawn anew for each message. */
  readonly latencyMs: () => number
  readonly keyring: Keyring
  readonly iceServers?: readonly IceServer[]
  /** More are refused with 4423. */
  readonly roomPeers?: number
  readonly trace?: (line: string) => void
}

/** The archivist of this server: what `keep` brings is handed to it. */
export interface ServerArchivist {
  /** X25519, 32 bytes. */
  readonly agreementKey: Uint8Array
  keep(sealed: Uint8Array): Promise<boolean>
}

interface Dialled {
  readonly hostName: string
  readonly events: SignalingEvents
  readonly guest: SignalingGuest
  /** In each direction nothing overtakes. */
  toClientAtMs: number
  toServerAtMs: number
  closed: boolean
}

/** A signaling server in memory, honest unless told otherwise, that speaks the protocol of `/v1`. */
export class MemorySignaling {
  readonly #clock: Clock
  readonly #random: Random
  readonly #options: MemorySignalingOptions
  readonly #connections = new Set<Dialled>()
  readonly #peers = new Map<PeerId, Dialled>()
  readonly #blockedHosts = new Set<string>()
  readonly #generation = new Map<string, number>()
  archivist: ServerArchivist | null = null
  #isUp = true
  #peerCount = 0
  /** What to deliver instead of a sealed signal; `null` drops it. A hostile server. */
  rewriteSignal: (signal: SealedInTransit) => string | null = (signal) => signal.sealed
  /** What to send instead of a message to a client; `null` drops it. */
  rewriteMessage: (message: ServerMessage, toHost: string) => ServerMessage | null = (message) => message

  constructor(clock: Clock, random: Random, options: MemorySignalingOptions) {
    this.#clock = clock
    this.#random = random
    this.#options = options
  }

  /** Tells those who are here, as a server does within a heartbeat. */
  setArchivist(archivist: ServerArchivist | null): void {
    this.archivist = archivist
    const agreement = archivist && toBase64Url(archivist.agreementKey)
    for (const connection of this.#peers.values()) this.#send(connection, { type: 'archivist', agreement })
  }

  /** Stops working for good when the host is killed; ask again for the host's next life. */
  dialFor(hostName: string): DialSignaling {
    const generation = this.#generation.get(hostName) ?? 0
    return (url, events) => this.#dial(hostName, generation, new URL(url).host, events)
  }

  down(): void {
    this.#isUp = false
    for (const connection of [...this.#connections]) this.#close(connection, ABNORMAL_CLOSURE)
  }

  up(): void {
    this.#isUp = true
  }

  /** The host's connections break, and it cannot dial until {@link unblockHost}. */
  blockHost(hostName: string): void {
    this.#blockedHosts.add(hostName)
    this.#eachOf(hostName, (connection) => this.#close(connection, ABNORMAL_CLOSURE))
  }

  unblockHost(hostName: string): void {
    this.#blockedHosts.delete(hostName)
  }

  /** The server notices at once, the host nothing any more. */
  killHost(hostName: string): void {
    this.#generation.set(hostName, (this.#generation.get(hostName) ?? 0) + 1)
    this.#eachOf(hostName, (connection) => this.#forget(connection))
  }

  /** Hosts with a proven connection, sorted. */
  hosts(): string[] {
    return [...this.#peers.values()].map((connection) => connection.hostName).sort()
  }

  #eachOf(hostName: string, call: (connection: Dialled) => void): void {
    for (const connection of [...this.#connections]) if (connection.hostName === hostName) call(connection)
  }

  #dial(hostName: string, generation: number, host: string, events: SignalingEvents): SignalingConnection {
    const alive = () => generation === (this.#generation.get(hostName) ?? 0)
    const guest = new SignalingGuest(host, this.#random.bytes(32), this.#options.keyring, this.#clock)
    const nowMs = this.#clock.nowMs()
    const connection: Dialled = {
      hostName,
      events,
      guest,
      toClientAtMs: nowMs,
      toServerAtMs: nowMs,
      closed: false,
    }
    this.#clock.after(2 * this.#options.latencyMs(), () => {
      if (connection.closed || !alive()) return
      if (this.#isUp && !this.#blockedHosts.has(hostName)) {
        this.#connections.add(connection)
        events.open()
      } else this.#close(connection, ABNORMAL_CLOSURE)
    })
    return {
      send: (message) => this.#receive(connection, message),
      close: () => this.#close(connection, CLOSE.normal),
    }
  }

  /** Messages pass through their text, as on the wire: what the protocol would refuse is refused here. */
  #receive(connection: Dialled, message: ClientMessage): void {
    if (connection.closed) return
    if (!this.#connections.has(connection)) throw new Error('the connection is not open')
    const text = JSON.stringify(message)
    connection.toServerAtMs = this.#arrival(connection.toServerAtMs)
    this.#clock.after(connection.toServerAtMs - this.#clock.nowMs(), () => {
      if (connection.closed) return
      const parsed = parseClientMessage(text)
      if (!parsed || text.length > limits.SIGNALING_FRAME_BYTES)
        return this.#close(connection, CLOSE.malformed)
      this.#trace(`to-server ${connection.hostName} ${parsed.type}`)
      this.#handle(connection, parsed)
    })
  }

  #handle(connection: Dialled, message: ClientMessage): void {
    const { peer } = connection.guest
    if (message.type === 'hello') void this.#challenge(connection, message)
    else if (message.type === 'proof') void this.#prove(connection, message.signature)
    else if (message.type === 'leave') this.#close(connection, CLOSE.normal)
    else if (!peer) this.#refuse(connection, CLOSE.notProven)
    else if (message.type === 'signal') this.#route(connection, peer, message)
    else if (message.type === 'keep') void this.#keep(connection, message.sealed)
    else if (message.type === 'more') {
      this.#send(connection, { type: 'sample', peers: this.#introduce(connection, peer) })
    }
  }

  async #challenge(connection: Dialled, hello: ClientMessage & { type: 'hello' }): Promise<void> {
    const refusal = await connection.guest.handleHello(hello)
    if (connection.closed) return
    if (refusal !== null) return this.#refuse(connection, refusal)
    this.#send(connection, { type: 'challenge', nonce: toBase64Url(connection.guest.nonce) })
  }

  async #prove(connection: Dialled, signature: string): Promise<void> {
    const refusal = await connection.guest.handleProof(signature)
    if (connection.closed) return
    if (refusal !== null) return this.#refuse(connection, refusal)
    const { roomPeers = Number.POSITIVE_INFINITY } = this.#options
    if (this.#inRoom(connection.guest.room).length >= roomPeers) return this.#refuse(connection, CLOSE.full)
    const peer = `peer${String(++this.#peerCount).padStart(12, '0')}` as PeerId
    connection.guest.peer = peer
    this.#peers.set(peer, connection)
    this.#send(connection, {
      type: 'welcome',
      peer,
      peers: this.#introduce(connection, peer),
      iceServers: [...(this.#options.iceServers ?? [])],
      limits: { frameBytes: limits.SIGNALING_FRAME_BYTES, messagesPerSecond: 30 },
      ...(this.archivist ? { archivist: { agreement: toBase64Url(this.archivist.agreementKey) } } : {}),
    })
  }

  async #keep(connection: Dialled, sealed: string): Promise<void> {
    const bytes = fromBase64Url(sealed)
    const accepted = bytes !== null && this.archivist !== null && (await this.archivist.keep(bytes))
    if (!connection.closed) this.#send(connection, { type: 'kept', accepted })
  }

  #refuse(connection: Dialled, code: number): void {
    this.#send(connection, { type: 'refused', code, reason: 'refused' })
    this.#clock.after(connection.toClientAtMs - this.#clock.nowMs(), () => this.#close(connection, code))
  }

  #inRoom(room: RoomId | null): PeerId[] {
    return [...this.#peers].filter(([, { guest }]) => guest.room === room).map(([peer]) => peer)
  }

  /** Tells up to eight others of `peer`, those first whom it has not met, and returns them. */
  #introduce(connection: Dialled, peer: PeerId): PeerId[] {
    const { met, room } = connection.guest
    const others = this.#inRoom(room).filter((other) => other !== peer)
    const sample = sampleOf(others, limits.SAMPLE_PEERS, (other) => !met.has(other), this.#random)
    for (const other of sample) {
      const there = this.#peers.get(other) as Dialled
      met.add(other)
      there.guest.met.add(peer)
      this.#send(there, { type: 'introduce', peer })
    }
    return sample
  }

  #route(connection: Dialled, from: PeerId, message: { to: string; sealed: string }): void {
    const to = message.to as PeerId
    const there = this.#peers.get(to)
    if (!there || there.guest.room !== connection.guest.room) return
    const { sealed } = message
    const rewritten = this.rewriteSignal({
      from,
      to,
      fromHost: connection.hostName,
      toHost: there.hostName,
      sealed,
    })
    if (rewritten !== null) this.#send(there, { type: 'signal', from, sealed: rewritten })
  }

  #send(connection: Dialled, message: ServerMessage): void {
    const outgoing = this.rewriteMessage(message, connection.hostName)
    if (!outgoing) return
    const parsed = parseServerMessage(JSON.stringify(outgoing))
    if (!parsed) throw new Error(`the signaling server would send a malformed ${message.type}`)
    connection.toClientAtMs = this.#arrival(connection.toClientAtMs)
    this.#clock.after(connection.toClientAtMs - this.#clock.nowMs(), () => {
      if (connection.closed) return
      this.#trace(`to-client ${connection.hostName} ${parsed.type}`)
      connection.events.message(parsed)
    })
  }

  #arrival(notBeforeMs: number): number {
    return Math.max(notBeforeMs, this.#clock.nowMs() + this.#options.latencyMs())
  }

  #close(connection: Dialled, code: number): void {
    if (connection.closed) return
    this.#forget(connection)
    this.#clock.after(0, () => connection.events.closed(code))
  }

  #forget(connection: Dialled): void {
    connection.closed = true
    this.#connections.delete(connection)
    const { peer, met } = connection.guest
    if (!peer || !this.#peers.delete(peer)) return
    for (const other of met) {
      const there = this.#peers.get(other)
      if (there) this.#send(there, { type: 'left', peer })
    }
  }

  #trace(line: string): void {
    this.#options.trace?.(`${this.#clock.nowMs()} ${line}`)
  }
}
