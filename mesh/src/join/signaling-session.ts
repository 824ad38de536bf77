/**
 * The conversation with the signaling server: dial, hello, proof, welcome; dialled again with jittered backoff for as long
 * as the room is open. Links between peers live on without it.
 */
import {
  CLOSE,
  type ClientMessage,
  type CloseReason,
  fromBase64Url,
  type IceServer,
  type PeerId,
  type ServerMessage,
  SIGNALING_VERSION,
  signalingProofMessage,
  toBase64Url,
} from '@parley/protocol'
import { GOING_AWAY_SPREAD_MS, PROVE_TIMEOUT_MS } from '../limits.ts'
import type { Clock, DialSignaling, Random, SignalingConnection, Unsubscribe } from '../ports.ts'
import type { Identity } from './identity.ts'
import { type OperatorToken, TokenSource } from './operator-token.ts'

export type SignalingState =
  | { readonly name: 'dialing' }
  | { readonly name: 'up'; readonly self: PeerId }
  | { readonly name: 'down'; readonly retryAtMs: number }
  /** Trying again would be refused again. */
  | { readonly name: 'refused'; readonly reason: CloseReason }
  | { readonly name: 'closed' }

export interface SignalingSessionDeps {
  readonly urls: readonly string[]
  readonly identity: Identity
  readonly clock: Clock
  readonly random: Random
  readonly dial: DialSignaling
  readonly delayMs: (attempt: number, fraction: number) => number
  readonly token?: OperatorToken | undefined
}

export interface SignalingSessionEvents {
  /** Also when the server's archivist came or went. */
  state(state: SignalingState): void
  welcome(self: PeerId, peers: readonly PeerId[], iceServers: readonly IceServer[]): void
  /** In place of those of `welcome`, which are about to expire. */
  ice(iceServers: readonly IceServer[]): void
  introduced(peer: PeerId): void
  sample(peers: readonly PeerId[]): void
  signal(from: PeerId, sealed: Uint8Array): void
  left(peer: PeerId): void
}

/** Refusals that another try cannot change. */
const FINAL: ReadonlySet<number> = new Set([CLOSE.notProven, CLOSE.role, CLOSE.revoked, CLOSE.version])

export class SignalingSession {
  readonly #deps: SignalingSessionDeps
  readonly #events: SignalingSessionEvents
  #state: SignalingState = { name: 'dialing' }
  #connection: SignalingConnection | null = null
  /** X25519 key of the archivist that this server offered last. */
  #archivist: Uint8Array | null = null
  /** Waits for the answer to `keep`. */
  #asking: ((accepted: boolean | null) => void) | null = null
  #attempt = 0
  #cancelTimer: Unsubscribe = () => undefined
  readonly #tokens: TokenSource | null
  #cancelRenewal: Unsubscribe = () => undefined

  constructor(deps: SignalingSessionDeps, events: SignalingSessionEvents) {
    this.#deps = deps
    this.#tokens = deps.token === undefined ? null : new TokenSource(deps.token, deps.clock)
    this.#events = events
  }

  get state(): SignalingState {
    return this.#state
  }

  /** `null` where the server has none, or cannot be reached now. */
  get archivist(): Uint8Array | null {
    return this.#state.name === 'up' ? this.#archivist : null
  }

  /** Calls `done` once: with the archivist's answer, or `null` when it cannot come any more. One question at a time. */
  keep(sealed: Uint8Array, done: (accepted: boolean | null) => void): void {
    if (this.#state.name !== 'up' || this.#asking) return done(null)
    this.#asking = done
    this.#send({ type: 'keep', sealed: toBase64Url(sealed) })
  }

  #answer(accepted: boolean | null): void {
    const asking = this.#asking
    this.#asking = null
    asking?.(accepted)
  }

  start(): void {
    this.#dial()
  }

  /** Tries now instead of at the end of the backoff, e.g. when the network came back. */
  retryNow(): void {
    if (this.#state.name !== 'down') return
    this.#cancelTimer()
    this.#attempt = 0
    this.#dial()
  }

  signal(to: PeerId, sealed: Uint8Array): void {
    this.#send({ type: 'signal', to, sealed: toBase64Url(sealed) })
  }

  more(): void {
    this.#send({ type: 'more' })
  }

  close(): void {
    this.#cancelTimer()
    this.#cancelRenewal()
    const connection = this.#connection
    this.#connection = null
    this.#become({ name: 'closed' })
    this.#answer(null)
    connection?.close()
  }

  #send(message: ClientMessage): void {
    if (this.#state.name === 'up') this.#connection?.send(message)
  }

  #become(state: SignalingState): void {
    if (this.#state.name === 'closed') return
    this.#state = state
    this.#events.state(state)
  }

  #dial(): void {
    const { urls } = this.#deps
    const url = urls[this.#attempt % urls.length]
    if (!url) return
    this.#become({ name: 'dialing' })
    if (this.#tokens) void this.#dialWithToken(this.#tokens, url)
    else this.#connect(url, null)
  }

  /** The token comes first: a server does not wait for somebody who signs in. */
  async #dialWithToken(tokens: TokenSource, url: string): Promise<void> {
    let token: string | null
    try {
      token = await tokens.ask(url)
    } catch {
      // What went wrong is known to the application, whose function it was.
      if (this.#state.name === 'dialing') this.#lost(CLOSE.timeout)
      return
    }
    if (this.#state.name === 'dialing') this.#connect(url, token)
  }

  #connect(url: string, token: string | null): void {
    const { clock, dial } = this.#deps
    const connection = dial(url, {
      open: () => this.#ifCurrent(connection, () => this.#hello(token)),
      message: (message) => this.#ifCurrent(connection, () => void this.#handle(message, url, token)),
      closed: (code) => this.#ifCurrent(connection, () => this.#lost(code)),
    })
    this.#connection = connection
    this.#cancelTimer = clock.after(PROVE_TIMEOUT_MS * 2, () => {
      connection.close()
      this.#ifCurrent(connection, () => this.#lost(CLOSE.timeout))
    })
  }

  #ifCurrent(connection: SignalingConnection, call: () => void): void {
    if (this.#connection === connection) call()
  }

  #hello(token: string | null): void {
    const { identity } = this.#deps
    this.#connection?.send({
      type: 'hello',
      v: SIGNALING_VERSION,
      room: identity.roomId,
      chain: toBase64Url(identity.chain),
      ...(token === null ? {} : { token }),
    })
  }

  async #handle(message: ServerMessage, url: string, token: string | null): Promise<void> {
    switch (message.type) {
      case 'challenge':
        return this.#prove(message.nonce, url)
      case 'welcome':
        this.#cancelTimer()
        this.#attempt = 0
        this.#archivist = message.archivist ? fromBase64Url(message.archivist.agreement) : null
        this.#become({ name: 'up', self: message.peer as PeerId })
        this.#keepFresh(url, token)
        return this.#events.welcome(message.peer as PeerId, message.peers as PeerId[], message.iceServers)
      case 'ice':
        return this.#events.ice(message.iceServers)
      case 'archivist':
        this.#archivist = message.agreement === null ? null : fromBase64Url(message.agreement)
        return this.#become(this.#state)
      case 'introduce':
        return this.#events.introduced(message.peer as PeerId)
      case 'sample':
        return this.#events.sample(message.peers as PeerId[])
      case 'signal': {
        const sealed = fromBase64Url(message.sealed)
        return sealed ? this.#events.signal(message.from as PeerId, sealed) : undefined
      }
      case 'kept':
        return this.#answer(message.accepted)
      case 'left':
        return this.#events.left(message.peer as PeerId)
      case 'refused':
        return this.#lost(message.code)
    }
  }

  async #prove(nonceText: string, url: string): Promise<void> {
    const connection = this.#connection
    const nonce = fromBase64Url(nonceText)
    if (!connection || nonce?.length !== 32) return
    const { identity } = this.#deps
    const message = signalingProofMessage(new URL(url).host, nonce, identity.roomId)
    const signature = await identity.signer.sign(message)
    this.#ifCurrent(connection, () => connection.send({ type: 'proof', signature: toBase64Url(signature) }))
  }

  #keepFresh(url: string, token: string | null): void {
    if (!this.#tokens || token === null || this.#state.name !== 'up') return
    this.#cancelRenewal = this.#tokens.keepFresh(url, token, (next) =>
      this.#send({ type: 'renew', token: next }),
    )
  }

  /** A token that ended while connected, of an application that may have another one. */
  #mayAskAgain(code: number): boolean {
    return code === CLOSE.notProven && this.#state.name === 'up' && this.#tokens?.renews === true
  }

  #lost(code: number): void {
    this.#cancelTimer()
    this.#cancelRenewal()
    const connection = this.#connection
    this.#connection = null
    connection?.close()
    this.#answer(null)
    const reason = Object.entries(CLOSE).find(([, known]) => known === code)?.[0] as CloseReason | undefined
    if (FINAL.has(code) && reason && !this.#mayAskAgain(code))
      return this.#become({ name: 'refused', reason })
    const { clock, random, delayMs } = this.#deps
    const spread = code === CLOSE.goingAway ? random.fraction() * GOING_AWAY_SPREAD_MS : 0
    const wait = spread + delayMs(this.#attempt++, random.fraction())
    this.#become({ name: 'down', retryAtMs: clock.nowMs() + wait })
    this.#cancelTimer = clock.after(wait, () => this.#dial())
  }
}
