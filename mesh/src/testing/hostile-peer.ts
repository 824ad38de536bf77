/**
 * A modified client: proves who it is like everybody else, then sends whatever it likes. For tests that show that nobody
 * is harmed by it.
 */
import {
  clientIdOf,
  type DocName,
  decodeFrame,
  encodeFrame,
  epochZeroKeyOf,
  FIRST_PREV,
  type Frame,
  logKeyOf,
  parseDocName,
  type SessionId,
  sessionIdOf,
  verifyChain,
} from '@parley/protocol'
import * as Y from 'yjs'
import type { ProvenLink } from '../join/connect-peer.ts'
import { Introductions } from '../join/introductions.ts'
import { SignalingSession } from '../join/signaling-session.ts'
import { EntrySeal, type HashedEntry } from '../journal/entry-seal.ts'
import { EpochKeys } from '../journal/epoch-keys.ts'
import { redialDelayMs } from '../overlay/reconnect-policy.ts'
import type { Platform } from '../ports.ts'
import { acceptLink, type Entrance } from '../room-secrets.ts'

export interface HostileLink {
  readonly proven: ProvenLink
  readonly received: Frame[]
  closed: { readonly reason: string; readonly detail: string } | null
}

export class HostilePeer {
  readonly entrance: Entrance
  readonly links: HostileLink[] = []
  readonly failures: string[] = []
  readonly seal: EntrySeal
  readonly #signaling: SignalingSession
  readonly #introductions: Introductions

  static async join(platform: Platform, link: string, signaling: string): Promise<HostilePeer> {
    return new HostilePeer(platform, await acceptLink(platform, link), signaling)
  }

  constructor(platform: Platform, entrance: Entrance, url: string) {
    const { clock, random, cipher, keyring, dial, connect } = platform
    const { identity } = entrance
    this.entrance = entrance
    const epochKey = epochZeroKeyOf(entrance.secrets.readKey)
    const deps = { roomId: identity.roomId, cipher, keyring, random }
    this.seal = new EntrySeal(deps, new EpochKeys(epochKey))
    this.#introductions = new Introductions(
      {
        identity,
        clock,
        random,
        cipher,
        keyring,
        connect,
        nowMs: () => clock.nowMs(),
        known: () => ({ epoch: 0, metaHeads: new Uint8Array(32) }),
        learnChain: (chain) => verifyChain(chain, identity.roomId, (...args) => keyring.verify(...args)),
        sendSealed: (to, sealed) => this.#signaling.signal(to, sealed),
        askForMore: () => this.#signaling.more(),
        relayOnly: () => false,
        linked: () => [],
        delayMs: redialDelayMs,
      },
      {
        proven: (proven) => this.#attach(proven),
        failed: (_peer, error) => void this.failures.push(`${error.stage} ${error.reason}`),
        changed: () => undefined,
      },
    )
    this.#signaling = new SignalingSession(
      { urls: [url], identity, clock, random, dial, delayMs: redialDelayMs },
      {
        state: () => undefined,
        welcome: (self, peers, iceServers) => this.#introductions.handleWelcome(self, peers, iceServers),
        ice: (iceServers) => this.#introductions.handleIceServers(iceServers),
        introduced: (peer) => this.#introductions.handleIntroduced(peer),
        sample: (peers) => this.#introductions.handleSample(peers),
        signal: (from, sealed) => void this.#introductions.handleSealed(from, sealed),
        left: (peer) => this.#introductions.handleLeft(peer),
      },
    )
    this.#signaling.start()
  }

  #attach(proven: ProvenLink): void {
    const link: HostileLink = { proven, received: [], closed: null }
    this.links.push(link)
    proven.start({
      frame: (bytes) => void link.received.push(decodeFrame(bytes.slice())),
      closed: (reason, detail) => {
        link.closed = { reason, detail }
      },
      liveDrained: () => undefined,
    })
  }

  send(link: HostileLink, frame: Frame): void {
    link.proven.link.send(encodeFrame(frame), frame.type === 'entry' ? 'live' : 'control')
  }

  /** A log of this peer's own, entries sealed as an honest writer would. */
  log(doc: string, sessionByte: number): HostileLog {
    return new HostileLog(
      this,
      parseDocName(doc) as DocName,
      sessionIdOf(new Uint8Array(8).fill(sessionByte)),
    )
  }

  close(): void {
    this.#introductions.close()
    this.#signaling.close()
  }
}

export class HostileLog {
  readonly #peer: HostilePeer
  readonly doc: DocName
  readonly session: SessionId
  readonly clientId: number
  #seq = 0
  #prev: Uint8Array = FIRST_PREV

  constructor(peer: HostilePeer, doc: DocName, session: SessionId) {
    this.#peer = peer
    this.doc = doc
    this.session = session
    this.clientId = clientIdOf(peer.entrance.identity.standing.key, session, doc)
  }

  get name(): string {
    return logKeyOf(this.doc, this.#peer.entrance.identity.standing.key, this.session)
  }

  /** Seals `update` as the next entry of this log. */
  async next(
    update: Uint8Array,
    timeMs: number,
    over: { seq?: number; prev?: Uint8Array } = {},
  ): Promise<HashedEntry> {
    const { identity } = this.#peer.entrance
    const header = {
      doc: this.doc,
      kind: 'live' as const,
      author: identity.standing.key,
      session: this.session,
      seq: over.seq ?? this.#seq + 1,
      prev: over.prev ?? this.#prev,
      timeMs: Math.floor(timeMs),
    }
    const sealed = await this.#peer.seal.seal(header, update, identity.signer)
    this.#seq = header.seq
    this.#prev = sealed.hash
    return sealed
  }
}

/** An update that types `text` into the root text `t`, by the given client, at clock 0. */
export function typing(clientId: number, text: string): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = clientId
  doc.getText('t').insert(0, text)
  return Y.encodeStateAsUpdate(doc)
}
