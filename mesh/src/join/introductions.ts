/**
 * From names of peers to proven links: whom to offer to, whose offer to take, when to decline, when to try again. The
 * newcomer offers to exactly those whom signaling named to it; the side that offered redials a lost link.
 */
import { type IceServer, type PeerId, type SealedSignal, toBase64Url } from '@parley/protocol'
import { MAX_LINKS, REPAIR_INTERVAL_MS } from '../limits.ts'
import type { SignalData, Unsubscribe } from '../ports.ts'
import { type ConnectDeps, ConnectFailed, PeerConnection, type ProvenLink } from './connect-peer.ts'
import type { Side } from './role-proof.ts'
import { openSignal, sealSignal } from './signal-channel.ts'

export interface IntroductionsDeps extends ConnectDeps {
  readonly sendSealed: (to: PeerId, sealed: Uint8Array) => void
  readonly askForMore: () => void
  /** Instances (base64url) that a live link leads to. */
  readonly linked: () => readonly string[]
  readonly delayMs: (attempt: number, fraction: number) => number
}

export interface IntroductionsEvents {
  proven(link: ProvenLink): void
  failed(peer: PeerId, error: ConnectFailed): void
  changed(): void
}

interface Attempt {
  readonly id: string
  readonly peer: PeerId
  readonly side: Side
  readonly connection: PeerConnection
  /** Sealing is asynchronous: signals leave in the order in which they were made. */
  outbox: Promise<void>
  candidates: SignalData[]
  proven: boolean
}

/** What is known of a peer that signaling named. */
interface Known {
  failures: number
  full: boolean
  cancelRetry: Unsubscribe
}

const CANDIDATES_MS = 50

export class Introductions {
  readonly #deps: IntroductionsDeps
  readonly #events: IntroductionsEvents
  readonly #attempts = new Map<string, Attempt>()
  readonly #known = new Map<PeerId, Known>()
  #self: PeerId | null = null
  #iceServers: readonly IceServer[] = []
  #welcomed = false
  #cancelRepair: Unsubscribe = () => undefined
  #closed = false
  /** The attempt that goes on although all places are taken. */
  #beyond: Attempt | null = null
  /** Whom the links that there are now have left no place for. */
  readonly #turnedAway = new Set<PeerId>()

  constructor(deps: IntroductionsDeps, events: IntroductionsEvents) {
    this.#deps = deps
    this.#events = events
  }

  /** Peers that are here and to whom no link came about (yet). */
  get unlinkedCount(): number {
    return this.#known.size
  }

  get isTrying(): boolean {
    return [...this.#attempts.values()].some((attempt) => !attempt.proven)
  }

  /** Somebody is here, and everybody tried has no room for another link. */
  get isFull(): boolean {
    const known = [...this.#known.values()]
    return known.length > 0 && known.every((peer) => peer.full)
  }

  get hasFailed(): boolean {
    return [...this.#known.values()].some((peer) => peer.failures > 0)
  }

  /** Whether there is a TURN server among those that signaling named; `null` before it did. */
  get relayOffered(): boolean | null {
    const urls = this.#iceServers.flatMap(({ urls }) => urls)
    return this.#welcomed ? urls.some((url) => /^turns?:/.test(url)) : null
  }

  handleWelcome(self: PeerId, peers: readonly PeerId[], iceServers: readonly IceServer[]): void {
    for (const peer of this.#known.values()) peer.cancelRetry()
    this.#known.clear()
    this.#self = self
    this.#iceServers = iceServers
    this.#welcomed = true
    for (const peer of peers) this.#offerTo(peer)
    this.#scheduleRepair()
    this.#events.changed()
  }

  /** For links to come, and for those that are there when they are restarted. */
  handleIceServers(iceServers: readonly IceServer[]): void {
    this.#iceServers = iceServers
    for (const { connection } of this.#attempts.values()) connection.setIceServers(iceServers)
  }

  handleSample(peers: readonly PeerId[]): void {
    for (const peer of peers) if (!this.#attemptWith(peer)) this.#offerTo(peer)
    this.#events.changed()
  }

  handleIntroduced(peer: PeerId): void {
    this.#know(peer)
    this.#events.changed()
  }

  handleLeft(peer: PeerId): void {
    this.#forget(peer)
    this.#turnedAway.delete(peer)
    this.#events.changed()
  }

  async handleSealed(from: PeerId, sealed: Uint8Array): Promise<void> {
    const self = this.#self
    if (!self) return
    const signal = await openSignal(this.#deps, from, self, sealed)
    if (!signal || this.#closed) return
    const attempt = this.#attempts.get(`${from} ${signal.attempt}`)
    switch (signal.type) {
      case 'offer':
        return attempt ? attempt.connection.handleSignal(signal) : this.#takeOffer(from, signal)
      case 'answer':
        return attempt?.connection.handleSignal(signal)
      case 'candidates':
        for (const candidate of signal.candidates)
          attempt?.connection.handleSignal({ type: 'candidate', candidate })
        return
      case 'decline':
        return attempt ? this.#handleDecline(attempt, signal.why) : undefined
    }
  }

  /** A live link ended: the side that offered tries again. */
  handleLinkLost(): void {
    if (!this.#closed)
      this.#deps.clock.after(this.#deps.delayMs(0, this.#deps.random.fraction()), () => this.repair())
  }

  /** Asks signaling whom else there is to link to. */
  repair(): void {
    if (!this.#closed && this.#self && this.#deps.linked().length < MAX_LINKS) this.#deps.askForMore()
  }

  /** From now on no address may leave: what has begun otherwise ends; who offered tries again. */
  handleRelayOnly(): void {
    for (const { proven, connection } of [...this.#attempts.values()]) {
      if (!proven && !connection.relayOnly) connection.close('normal', 'through relays alone from now on')
    }
  }

  /** Signaling is gone: nothing can be negotiated until it is back; proven links are not touched. */
  handleSignalingDown(): void {
    this.#self = null
    this.#cancelRepair()
    for (const peer of this.#known.keys()) this.#forget(peer)
    for (const attempt of [...this.#attempts.values()]) {
      if (!attempt.proven) attempt.connection.close('goingAway', 'signaling is gone')
    }
    this.#events.changed()
  }

  close(): void {
    this.#closed = true
    this.#cancelRepair()
    for (const peer of this.#known.values()) peer.cancelRetry()
    for (const attempt of this.#attempts.values()) attempt.connection.close('normal', 'room closed')
  }

  #scheduleRepair(): void {
    this.#cancelRepair()
    const jitter = 0.5 + this.#deps.random.fraction()
    this.#cancelRepair = this.#deps.clock.after(REPAIR_INTERVAL_MS * jitter, () => {
      this.repair()
      this.#scheduleRepair()
    })
  }

  #know(peer: PeerId): Known {
    let known = this.#known.get(peer)
    if (!known) {
      known = { failures: 0, full: false, cancelRetry: () => undefined }
      this.#known.set(peer, known)
    }
    return known
  }

  #forget(peer: PeerId): void {
    this.#known.get(peer)?.cancelRetry()
    this.#known.delete(peer)
  }

  #attemptWith(peer: PeerId): Attempt | undefined {
    return [...this.#attempts.values()].find((attempt) => attempt.peer === peer)
  }

  #offerTo(peer: PeerId): void {
    if (this.#deps.linked().length >= MAX_LINKS) return
    this.#know(peer).full = false
    this.#begin(peer, toBase64Url(this.#deps.random.bytes(8)), 'offerer')
  }

  #takeOffer(peer: PeerId, offer: Extract<SealedSignal, { type: 'offer' }>): void {
    const linked = this.#deps.linked()
    const declineWith = (why: 'linked' | 'full') => this.#decline(peer, offer.attempt, why)
    const { instanceName } = this.#deps.identity
    if (linked.includes(offer.instance) && offer.linked.includes(instanceName)) return declineWith('linked')
    const busy = linked.length + [...this.#attempts.values()].filter((attempt) => !attempt.proven).length
    const beyond = busy >= MAX_LINKS && !linked.includes(offer.instance)
    if (beyond && !this.#mayBeWeighed(peer)) return declineWith('full')
    if (!this.#yieldsTo(peer, offer.instance)) return declineWith('linked')
    this.#know(peer)
    const attempt = this.#begin(peer, offer.attempt, 'answerer')
    if (beyond) this.#beyond = attempt
    attempt.connection.handleSignal(offer)
  }

  /** Who is beyond the last place shows by which grants it came; one at a time, and once while the links are the same. */
  #mayBeWeighed(peer: PeerId): boolean {
    const isBusy = this.#beyond !== null && this.#attempts.has(keyOf(this.#beyond)) && !this.#beyond.proven
    return !isBusy && !this.#turnedAway.has(peer)
  }

  /** Both offered at once: the offer of the higher instance name stands. */
  #yieldsTo(peer: PeerId, instance: string): boolean {
    const own = this.#attemptWith(peer)
    if (!own || own.proven || own.side === 'answerer') return true
    if (this.#deps.identity.instanceName > instance) return false
    this.#attempts.delete(keyOf(own))
    own.connection.close('normal', 'the other offer stands')
    return true
  }

  #decline(to: PeerId, attempt: string, why: 'linked' | 'full'): void {
    void this.#seal(to, { type: 'decline', attempt, instance: this.#deps.identity.instanceName, why })
  }

  #handleDecline(attempt: Attempt, why: 'linked' | 'full'): void {
    if (attempt.proven) return
    if (why === 'linked') this.#forget(attempt.peer)
    else this.#know(attempt.peer).full = true
    this.#attempts.delete(keyOf(attempt))
    attempt.connection.close('full', `declined: ${why}`)
    this.#events.changed()
  }

  #begin(peer: PeerId, id: string, side: Side): Attempt {
    const connection = new PeerConnection(this.#deps, side, this.#iceServers, (data) =>
      this.#queue(attempt, data),
    )
    const attempt: Attempt = {
      id,
      peer,
      side,
      connection,
      outbox: Promise.resolve(),
      candidates: [],
      proven: false,
    }
    this.#attempts.set(keyOf(attempt), attempt)
    connection.proven.then(
      (link) => this.#handleProven(attempt, link),
      (error: unknown) => this.#handleFailed(attempt, error),
    )
    this.#events.changed()
    return attempt
  }

  #handleProven(attempt: Attempt, link: ProvenLink): void {
    attempt.proven = true
    this.#forget(attempt.peer)
    this.#events.proven(link)
    this.#events.changed()
  }

  /** The link that came out of an attempt ended: late signals for it have nowhere to go. `full`: there was no place. */
  forgetLink(link: ProvenLink['link'], full = false): void {
    this.#turnedAway.clear()
    for (const [key, attempt] of this.#attempts) {
      if (!attempt.connection.isLink(link)) continue
      this.#attempts.delete(key)
      if (full) this.#know(attempt.peer).full = true
    }
  }

  /** A link that was proven found no place here. */
  turnedAway(link: ProvenLink['link']): void {
    for (const [key, attempt] of this.#attempts) {
      if (!attempt.connection.isLink(link)) continue
      this.#attempts.delete(key)
      this.#turnedAway.add(attempt.peer)
      this.#know(attempt.peer)
    }
  }

  #handleFailed(attempt: Attempt, error: unknown): void {
    const wasListed = this.#attempts.delete(keyOf(attempt))
    if (!(error instanceof ConnectFailed)) throw error
    this.#events.failed(attempt.peer, error)
    const known = this.#known.get(attempt.peer)
    if (known && wasListed && !this.#closed) {
      known.failures++
      if (attempt.side === 'offerer' && error.reason !== 'revoked' && error.reason !== 'role') {
        known.cancelRetry = this.#retryLater(attempt.peer, known.failures)
      }
    }
    this.#events.changed()
  }

  #retryLater(peer: PeerId, failures: number): Unsubscribe {
    const wait = this.#deps.delayMs(failures + 1, this.#deps.random.fraction())
    return this.#deps.clock.after(wait, () => {
      if (this.#self && this.#known.has(peer) && !this.#attemptWith(peer)) this.#offerTo(peer)
    })
  }

  /** Descriptions leave at once; candidates are gathered for a moment into one message. */
  #queue(attempt: Attempt, data: SignalData): void {
    const { clock, identity } = this.#deps
    const { id, peer } = attempt
    if (data.type === 'candidate') {
      attempt.candidates.push(data)
      if (attempt.candidates.length === 1) clock.after(CANDIDATES_MS, () => this.#sendCandidates(attempt))
      return
    }
    const instance = identity.instanceName
    this.#sealFor(
      attempt,
      peer,
      data.type === 'offer'
        ? { type: 'offer', attempt: id, sdp: data.sdp, instance, linked: this.#deps.linked().slice(0, 16) }
        : { type: 'answer', attempt: id, sdp: data.sdp, instance },
    )
  }

  #sendCandidates(attempt: Attempt): void {
    const candidates = attempt.candidates
      .splice(0)
      .flatMap((data) => (data.type === 'candidate' ? [data.candidate] : []))
    if (candidates.length > 0)
      this.#sealFor(attempt, attempt.peer, { type: 'candidates', attempt: attempt.id, candidates })
  }

  #sealFor(attempt: Attempt, to: PeerId, signal: SealedSignal): void {
    attempt.outbox = attempt.outbox.then(() => this.#seal(to, signal))
  }

  async #seal(to: PeerId, signal: SealedSignal): Promise<void> {
    const self = this.#self
    if (!self) return
    const sealed = await sealSignal(this.#deps, self, to, signal)
    if (this.#self === self) this.#deps.sendSealed(to, sealed)
  }
}

function keyOf(attempt: Pick<Attempt, 'peer' | 'id'>): string {
  return `${attempt.peer} ${attempt.id}`
}
