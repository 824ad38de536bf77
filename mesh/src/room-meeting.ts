/**
 * How a room meets its other copies: the signaling server introduces them, links are made, and whoever has proven a right
 * gets a place among them. Rules: docs/spec.md, SG, HS and RL.
 */
import { CLOSE, type CloseReason, type DocName, equalBytes, type KeyId, toBase64Url } from '@parley/protocol'
import type { ConnectionState } from './api.ts'
import type { ProvenLink } from './join/connect-peer.ts'
import type { Identity } from './join/identity.ts'
import { Introductions } from './join/introductions.ts'
import { introductionsBy } from './join/introductions-by.ts'
import type { OperatorToken } from './join/operator-token.ts'
import type { ProvenPeer } from './join/role-proof.ts'
import { SignalingSession } from './join/signaling-session.ts'
import type { AuthorBook } from './journal/author-book.ts'
import { documentHeads } from './journal/heads.ts'
import type { Journal } from './journal/journal.ts'
import { redialDelayMs } from './overlay/reconnect-policy.ts'
import type { Platform, Unsubscribe } from './ports.ts'
import type { RefusedKeys } from './refused-keys.ts'
import type { LiveLink, RoomLinks } from './room-links.ts'
import { makePlace } from './room-places.ts'
import type { RoomRights } from './room-rights.ts'
import type { RoomStanding } from './room-standing.ts'
import { connectionState } from './room-state.ts'

const META = 'meta' as DocName

export interface MeetingOptions {
  readonly signaling: readonly string[]
  /** For signaling servers that ask for one. */
  readonly token?: OperatorToken
}

export interface MeetingDeps {
  readonly platform: Platform
  readonly identity: Identity
  readonly journal: Journal
  readonly authors: AuthorBook
  readonly standing: Pick<RoomStanding, 'proofsHeld'>
  readonly links: RoomLinks
  readonly rights: RoomRights
  readonly refusedKeys: Pick<RefusedKeys, 'refusalOf'>
  /** Counter of the epoch in force; 0 where no keys are held. */
  readonly epoch: () => number
  /** Whether no address of this device may be shown. */
  readonly relayOnly: () => boolean
  readonly isClosing: () => boolean
}

export interface MeetingEvents {
  /** A link has a place, and owners' records and proofs are on their way: the keys may follow. */
  linked(live: LiveLink, peer: ProvenPeer): void
  /** One ended, or did not come about; `key` as far as it was proven. */
  ended(key: KeyId | null, reason: CloseReason, detail: string): void
  changed(): void
}

export class RoomMeeting {
  readonly #deps: MeetingDeps
  readonly #events: MeetingEvents
  readonly #signaling: SignalingSession
  readonly #introductions: Introductions
  /** Signaling was up before and is not now, or could never be reached. */
  #isLost = false
  #cancelOnline: Unsubscribe = () => undefined

  constructor(deps: MeetingDeps, options: MeetingOptions, events: MeetingEvents) {
    this.#deps = deps
    this.#events = events
    this.#signaling = this.#makeSignaling(options)
    this.#introductions = this.#makeIntroductions()
  }

  #makeSignaling({ signaling: urls, token }: MeetingOptions): SignalingSession {
    const { identity, platform } = this.#deps
    const { clock, random, dial } = platform
    return new SignalingSession(
      { urls, identity, clock, random, dial, delayMs: redialDelayMs, token },
      {
        state: (state) => {
          if (state.name === 'up') this.#isLost = false
          if (state.name === 'down') {
            this.#isLost = true
            this.#introductions.handleSignalingDown()
          }
          this.#events.changed()
        },
        ...introductionsBy(() => this.#introductions),
      },
    )
  }

  #makeIntroductions(): Introductions {
    const { identity, platform, authors, links, epoch, relayOnly } = this.#deps
    const { clock, random, cipher, keyring, connect } = platform
    return new Introductions(
      {
        identity,
        clock,
        random,
        cipher,
        keyring,
        connect,
        nowMs: () => clock.nowMs(),
        known: () => ({ epoch: epoch(), metaHeads: documentHeads(this.#meta) }),
        learnChain: (chain) => authors.learn(chain, true),
        sendSealed: (to, sealed) => this.#signaling.signal(to, sealed),
        askForMore: () => this.#signaling.more(),
        relayOnly,
        linked: () => [...links.all].map((live) => live.instance),
        delayMs: redialDelayMs,
      },
      {
        proven: (link) => this.#handleProven(link),
        failed: (_peer, { stage, reason, message }) => {
          platform.log('info', 'link-failed', { stage, reason, detail: message })
          if (stage === 'proving') this.#events.ended(null, reason, message)
        },
        changed: () => this.#events.changed(),
      },
    )
  }

  get #meta() {
    return this.#deps.journal.logsOf(META)
  }

  start(): void {
    this.#signaling.start()
    this.#cancelOnline = this.#deps.platform.onOnline(() => {
      this.#signaling.retryNow()
      this.#introductions.repair()
    })
  }

  /** Nobody is met any more; then the links end. */
  close(): void {
    this.#cancelOnline()
    this.#introductions.close()
    this.#deps.links.close()
    this.#signaling.close()
  }

  /** X25519 key of the archivist that the signaling server offers; `null` without one. */
  get archivist(): SignalingSession['archivist'] {
    return this.#signaling.archivist
  }

  get relayOffered(): boolean | null {
    return this.#introductions.relayOffered
  }

  connection(relayedCount: number): ConnectionState {
    const { rights, links, isClosing } = this.#deps
    const { isTrying, isFull, unlinkedCount, hasFailed } = this.#introductions
    return connectionState({
      revoked: rights.isRevoked,
      closed: isClosing(),
      linkCount: links.all.size,
      relayedCount,
      signaling: this.#signaling.state,
      signalingLost: this.#isLost,
      isTrying,
      isFull,
      unlinkedCount,
      hasFailed,
    })
  }

  /** Calls `done` once: with the archivist's answer, or `null` when the connection was lost before it came. */
  keep(sealed: Uint8Array, done: (accepted: boolean | null) => void): void {
    this.#signaling.keep(sealed, done)
  }

  /** What came about before an owner's record said so ends; links are made anew. */
  handleRelayOnly(): void {
    this.#introductions.handleRelayOnly()
    this.#deps.links.closeShown()
  }

  #handleProven(proven: ProvenLink): void {
    const { rights, refusedKeys, links, isClosing } = this.#deps
    const { standing, instance } = proven.peer
    const { key } = standing
    if (!rights.hasRight(key) && !isClosing()) return links.turnAway(proven, this.#meta, 'revoked')
    const refused = refusedKeys.refusalOf(key)
    if (refused || isClosing())
      return proven.link.close(CLOSE[refused ?? 'normal'], refused ? 'refused before' : 'room closed')
    const before = links.byInstance(toBase64Url(instance))
    if (before && before.key !== key) return proven.link.close(CLOSE.notProven, 'the name of another copy')
    before?.link.close(CLOSE.normal, 'replaced by a newer link')
    if (!makePlace(links.all, proven, this.#introductions)) return
    this.#shareStanding(links.attach(proven), proven.peer)
  }

  /** Owners' records, proofs and keys precede everything else on a link. */
  #shareStanding(live: LiveLink, peer: ProvenPeer): void {
    const { links, standing } = this.#deps
    if (!equalBytes(peer.metaHeads, documentHeads(this.#meta))) links.pushAll(live, this.#meta)
    for (const proof of standing.proofsHeld()) links.send(live, proof)
    this.#events.linked(live, peer)
  }

  /** A link ended; another one is sought, unless that would end the same way. */
  handleDetached(live: LiveLink, reason: CloseReason, detail: string): void {
    const { platform, links, isClosing } = this.#deps
    const wasFull = reason === 'full'
    this.#introductions.forgetLink(live.link, wasFull)
    platform.log('info', 'link-closed', { reason, detail })
    this.#events.ended(live.key, reason, detail)
    const isOver = reason === 'role' || reason === 'revoked' || (wasFull && links.all.size > 0)
    if (!isClosing() && !isOver) this.#introductions.handleLinkLost()
  }
}
