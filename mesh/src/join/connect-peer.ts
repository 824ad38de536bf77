/**
 * One peer, from an introduction to a proven link: negotiating → proving, then the room goes on with syncing → live.
 * Every stage is named before it starts; one signal ends it all.
 */
import {
  CLOSE,
  type CloseReason,
  decodeFrame,
  type IceServer,
  limits,
  MalformedError,
} from '@parley/protocol'
import { CHANNEL_LOW_BYTES, NEGOTIATE_TIMEOUT_MS, PROVE_TIMEOUT_MS } from '../limits.ts'
import type { Lane } from '../link/chunk.ts'
import { PeerLink } from '../link/peer-link.ts'
import type { Clock, ConnectTransport, LinkPath, SignalData, Transport } from '../ports.ts'
import { throughRelay } from './relay-filter.ts'
import {
  type Fingerprints,
  type ProofDeps,
  ProofRefused,
  type ProvenPeer,
  RoleProof,
  type Side,
} from './role-proof.ts'
import { checkSdp } from './sdp-check.ts'

export type ConnectStage = 'negotiating' | 'proving'

/** Bytes that may come between the other side's AUTH and the moment when we have verified it. */
const HELD_BYTES = 512 * 1024

export interface ConnectDeps extends ProofDeps {
  readonly clock: Clock
  readonly connect: ConnectTransport
  /** Whether no address of this device may leave it; asked anew for each connection. */
  readonly relayOnly: () => boolean
}

export interface LinkEvents {
  frame(frame: Uint8Array, lane: Lane): void
  closed(reason: CloseReason, detail: string): void
  liveDrained(): void
}

export interface ProvenLink {
  readonly link: PeerLink
  readonly peer: ProvenPeer
  /** Who offered; that side redials. */
  readonly side: Side
  /** How it travels now; never rejects. */
  readonly path: () => Promise<LinkPath | null>
  /** Whether it came about without showing an address of this device. */
  readonly relayOnly: boolean
  /** Frames and the end are told from here on; what came meanwhile is delivered first. */
  start(events: LinkEvents): void
}

/** Why no link came about. */
export class ConnectFailed extends Error {
  override readonly name = 'ConnectFailed'
  readonly stage: ConnectStage
  readonly reason: CloseReason
  constructor(stage: ConnectStage, reason: CloseReason, detail: string) {
    super(detail)
    this.stage = stage
    this.reason = reason
  }
}

/** The conversation with one peer through signaling, for the life of the connection. */
export class PeerConnection {
  readonly #deps: ConnectDeps
  readonly #side: Side
  readonly #sendSignal: (data: SignalData) => void
  readonly #transport: Transport
  /** Whether no address of this device leaves it: decided when it begins, and kept. */
  readonly relayOnly: boolean
  #stage: ConnectStage = 'negotiating'
  #local: Uint8Array | null = null
  #remote: Uint8Array | null = null
  #link: PeerLink | null = null
  #proof: RoleProof | null = null
  #settled = false
  #held: Uint8Array[] | null = null
  #heldBytes = 0
  /** Of the other side, since its last description. */
  #candidateCount = 0
  #proven = false
  #events: LinkEvents | null = null
  #early: { frame: Uint8Array; lane: Lane }[] = []
  #earlyClose: { reason: CloseReason; detail: string } | null = null
  #cancelTimer: () => void
  #resolve: (link: ProvenLink) => void = () => undefined
  #reject: (error: ConnectFailed) => void = () => undefined
  /** Rejects with {@link ConnectFailed}. */
  readonly proven: Promise<ProvenLink>

  constructor(
    deps: ConnectDeps,
    side: Side,
    iceServers: readonly IceServer[],
    sendSignal: (data: SignalData) => void,
  ) {
    this.#deps = deps
    this.#side = side
    this.#sendSignal = sendSignal
    this.relayOnly = deps.relayOnly()
    this.proven = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#cancelTimer = deps.clock.after(NEGOTIATE_TIMEOUT_MS, () =>
      this.#fail('timeout', 'no connection came about'),
    )
    this.#transport = deps.connect(
      {
        initiator: side === 'offerer',
        iceServers,
        relayOnly: this.relayOnly,
        lowWaterBytes: CHANNEL_LOW_BYTES,
      },
      {
        signal: (data) => this.#handleLocalSignal(data),
        open: () => void this.#handleOpen(),
        message: (bytes) => this.#handleMessage(bytes),
        writable: () => this.#link?.handleWritable(),
        closed: (error) => this.#handleTransportClosed(error),
      },
    )
  }

  setIceServers(iceServers: readonly IceServer[]): void {
    this.#transport.setIceServers(iceServers)
  }

  isLink(link: PeerLink): boolean {
    return this.#link === link
  }

  /** Gives up, or closes the link. */
  close(reason: CloseReason, detail: string): void {
    if (this.#link) this.#link.close(CLOSE[reason], detail)
    else this.#fail(reason, detail)
  }

  /** A piece of the other side's description; anything may come in here, at any time. */
  handleSignal(data: SignalData): void {
    if (data.type !== 'candidate') {
      const verdict = checkSdp(data.sdp)
      if (!verdict.ok) return this.close('notProven', `session description: ${verdict.fault}`)
      if (!this.#pin('remote', verdict.fingerprint)) {
        return this.close('notProven', 'another certificate was offered for this connection')
      }
      this.#candidateCount = 0
    } else if (++this.#candidateCount > limits.SDP_CANDIDATES) return
    const usable = this.relayOnly ? throughRelay(data) : data
    if (usable) this.#transport.signal(usable)
  }

  #handleLocalSignal(data: SignalData): void {
    if (data.type !== 'candidate') {
      const verdict = checkSdp(data.sdp)
      if (!verdict.ok) return this.close('notProven', `own session description: ${verdict.fault}`)
      if (!this.#pin('local', verdict.fingerprint)) return this.close('notProven', 'own certificate changed')
    }
    const showable = this.relayOnly ? throughRelay(data) : data
    if (showable) this.#sendSignal(showable)
  }

  /** The first value stands for the life of the connection. */
  #pin(end: 'local' | 'remote', fingerprint: Uint8Array): boolean {
    const known = end === 'local' ? this.#local : this.#remote
    if (known) return known.every((byte, i) => byte === fingerprint[i])
    if (end === 'local') this.#local = fingerprint
    else this.#remote = fingerprint
    return true
  }

  async #handleOpen(): Promise<void> {
    if (this.#settled || !this.#local || !this.#remote)
      return this.#fail('notProven', 'opened without a description')
    this.#stage = 'proving'
    this.#cancelTimer()
    this.#cancelTimer = this.#deps.clock.after(PROVE_TIMEOUT_MS, () => this.#fail('timeout', 'no proof came'))
    const fingerprints: Fingerprints = { local: this.#local, remote: this.#remote }
    const proof = new RoleProof(this.#deps, this.#side, fingerprints)
    const link = new PeerLink(
      this.#transport,
      this.#deps.clock,
      {
        frame: (frame, lane) => this.#handleFrame(frame, lane),
        closed: (end) => this.#handleLinkClosed(end.code, end.detail),
        liveDrained: () => this.#events?.liveDrained(),
      },
      { unproven: true },
    )
    this.#link = link
    this.#proof = proof
    this.#held ??= []
    await this.#guard(async () => {
      link.send(await proof.hello(), 'control')
      this.#flushHeld()
    })
  }

  /** Frames are taken one at a time until both proofs are through: what follows AUTH waits for its verification. */
  #handleMessage(bytes: Uint8Array): void {
    if (this.#held === null && this.#link && (this.#proven || this.#proof)) {
      this.#link.handleMessage(bytes)
      return
    }
    this.#heldBytes += bytes.length
    if (this.#heldBytes > HELD_BYTES) return this.#fail('malformed', 'flood before proof')
    this.#held ??= []
    this.#held.push(bytes)
  }

  #flushHeld(): void {
    const held = this.#held
    this.#held = null
    this.#heldBytes = 0
    for (const bytes of held ?? []) this.#handleMessage(bytes)
  }

  #handleFrame(bytes: Uint8Array, lane: Lane): void {
    if (this.#proven) {
      if (this.#events) this.#events.frame(bytes, lane)
      else this.#early.push({ frame: bytes, lane })
      return
    }
    this.#held ??= []
    void this.#guard(() => this.#handleProofFrame(bytes))
  }

  async #handleProofFrame(bytes: Uint8Array): Promise<void> {
    const proof = this.#proof as RoleProof
    const link = this.#link as PeerLink
    const frame = decodeFrame(bytes)
    if (frame.type === 'hello') {
      link.send(await proof.handleHello(frame, bytes), 'control')
    } else if (frame.type === 'auth') {
      const peer = await proof.handleAuth(frame)
      if (this.#settled) return
      this.#succeed(link, peer)
    } else throw new ProofRefused('malformed', `${frame.type} before proof`)
    if (!this.#settled || this.#proven) this.#flushHeld()
  }

  #succeed(link: PeerLink, peer: ProvenPeer): void {
    this.#cancelTimer()
    this.#settled = true
    this.#proven = true
    link.proven()
    this.#resolve({
      link,
      peer,
      side: this.#side,
      path: () => this.#transport.path(),
      relayOnly: this.relayOnly,
      start: (events) => {
        this.#events = events
        for (const { frame, lane } of this.#early.splice(0)) events.frame(frame, lane)
        if (this.#earlyClose) events.closed(this.#earlyClose.reason, this.#earlyClose.detail)
      },
    })
  }

  async #guard(step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      if (error instanceof ProofRefused) this.#fail(error.reason, error.message)
      else if (error instanceof MalformedError) this.#fail('malformed', error.message)
      else {
        this.#fail('notProven', 'the proof could not be made')
        throw error
      }
    }
  }

  #handleLinkClosed(code: number, detail: string): void {
    const reason = reasonOf(code)
    if (!this.#proven) return this.#fail(reason, detail)
    if (this.#events) this.#events.closed(reason, detail)
    else this.#earlyClose ??= { reason, detail }
  }

  #handleTransportClosed(error: Error | null): void {
    const detail = error?.message ?? 'closed'
    if (this.#link) this.#link.handleTransportClosed(error)
    if (!this.#settled) this.#fail('goingAway', detail)
  }

  #fail(reason: CloseReason, detail: string): void {
    if (this.#settled) return
    this.#settled = true
    this.#cancelTimer()
    if (this.#link) this.#link.close(CLOSE[reason], detail)
    else this.#transport?.close()
    this.#reject(new ConnectFailed(this.#stage, reason, detail))
  }
}

const REASONS = new Map<number, CloseReason>(
  Object.entries(CLOSE).map(([name, code]) => [code, name as CloseReason]),
)

function reasonOf(code: number): CloseReason {
  return REASONS.get(code) ?? 'goingAway'
}
