/**
 * One connection's protocol on `/y-webrtc`, without I/O: that of y-webrtc's own signaling server, for stock clients.
 * Rules: docs/spec.md, YW. What is published is handed on unread; with a password it is ciphertext.
 */
import { CLOSE } from '@parley/protocol'
import { TOPICS_PER_CONNECTION } from '../limits.ts'
import { formatPublish, parseYWebrtcMessage, type YWebrtcMessage } from './messages.ts'
import { isPairingTopic, type Topics } from './topics.ts'

/** Why, for the log and the metrics of the operator; clients get the code and its text only. */
export type TopicRefusal =
  | 'malformed'
  | 'topic'
  | 'token'
  | 'expired'
  | 'timeout'
  | 'rate'
  | 'address-full'
  | 'topic-full'
  | 'many-topics'

export type TopicEffect<Subscriber> =
  | { readonly type: 'pong' }
  | { readonly type: 'deliver'; readonly to: ReadonlySet<Subscriber>; readonly text: string }
  /** For the subscribers at other instances. */
  | { readonly type: 'pass-on'; readonly topic: string; readonly text: string }
  /** Published by somebody who does not listen. */
  | { readonly type: 'dropped' }
  /** Close; nothing follows. */
  | { readonly type: 'refuse'; readonly code: number; readonly reason: string; readonly why: TopicRefusal }

/** What a connection may listen to besides pairing topics. */
export type TopicRight =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused' }
  /** `rooms` are names of topics or `*`. */
  | { readonly kind: 'token'; readonly rooms: readonly string[]; readonly untilMs: number }

export interface TopicSessionContext<Subscriber> {
  readonly topics: Topics<Subscriber>
  readonly expiryGraceMs: number
  nowMs(): number
}

export interface TopicSessionParts<Subscriber> {
  readonly self: Subscriber
  readonly right: TopicRight
  readonly emit: (effect: TopicEffect<Subscriber>) => void
  /** Takes one of the address's places for connections that listen; false when there is none. */
  readonly takePlace: () => boolean
}

export class TopicSession<Subscriber> {
  readonly #context: TopicSessionContext<Subscriber>
  readonly #parts: TopicSessionParts<Subscriber>
  readonly #subscribed = new Set<string>()
  #stage: 'new' | 'listening' | 'closed' = 'new'

  constructor(context: TopicSessionContext<Subscriber>, parts: TopicSessionParts<Subscriber>) {
    this.#context = context
    this.#parts = parts
  }

  get isClosed(): boolean {
    return this.#stage === 'closed'
  }

  /** To be called once, when the connection can be closed. */
  start(): void {
    if (this.#parts.right.kind === 'refused') this.refuse('token')
  }

  /** `null` stands for a binary frame. Never throws. */
  handleText(text: string | null): void {
    if (this.#stage === 'closed') return
    const message = text === null ? null : parseYWebrtcMessage(text)
    if (message) this.#handle(message)
    else this.refuse('malformed')
  }

  #handle(message: YWebrtcMessage): void {
    switch (message.type) {
      case 'subscribe':
        return this.#onSubscribe(message.topics)
      case 'unsubscribe':
        return this.#onUnsubscribe(message.topics)
      case 'publish':
        return this.#onPublish(message)
      case 'ping':
        return this.#parts.emit({ type: 'pong' })
    }
  }

  #onSubscribe(names: readonly string[]): void {
    if (names.length === 0) return
    if (!names.every((name) => this.#mayListen(name))) return this.refuse('topic')
    if (this.#stage === 'new' && !this.#parts.takePlace()) return this.refuse('address-full')
    this.#stage = 'listening'
    for (const name of names) {
      if (this.#subscribed.has(name)) continue
      if (this.#subscribed.size >= TOPICS_PER_CONNECTION) return this.refuse('many-topics')
      if (!this.#context.topics.add(name, this.#parts.self)) return this.refuse('topic-full')
      this.#subscribed.add(name)
    }
  }

  #mayListen(topic: string): boolean {
    if (isPairingTopic(topic)) return true
    const { right } = this.#parts
    if (right.kind !== 'token' || right.untilMs <= this.#context.nowMs()) return false
    return right.rooms.includes('*') || right.rooms.includes(topic)
  }

  #onUnsubscribe(names: readonly string[]): void {
    for (const name of names) {
      if (this.#subscribed.delete(name)) this.#context.topics.remove(name, this.#parts.self)
    }
  }

  /** The publisher gets its own message back, as from y-webrtc's server. */
  #onPublish(message: YWebrtcMessage & { readonly type: 'publish' }): void {
    const { emit } = this.#parts
    if (!this.#subscribed.has(message.topic)) return emit({ type: 'dropped' })
    const to = this.#context.topics.subscribers(message.topic)
    const text = formatPublish(message, to.size)
    emit({ type: 'deliver', to, text })
    emit({ type: 'pass-on', topic: message.topic, text })
  }

  /** To be called on every heartbeat. */
  handleHeartbeat(): void {
    const { right } = this.#parts
    if (right.kind !== 'token') return
    if (this.#context.nowMs() > right.untilMs + this.#context.expiryGraceMs) this.refuse('expired')
  }

  /** To be called `proveTimeoutMs` after the connection came. */
  handleTimeout(): void {
    if (this.#stage === 'new') this.refuse('timeout')
  }

  /** The connection is gone, or going. Calling it again does nothing. */
  handleClosed(): void {
    this.#stage = 'closed'
    for (const name of this.#subscribed) this.#context.topics.remove(name, this.#parts.self)
    this.#subscribed.clear()
  }

  refuse(why: TopicRefusal): void {
    if (this.#stage === 'closed') return
    this.handleClosed()
    this.#parts.emit({ type: 'refuse', ...REFUSALS[why], why })
  }
}

/** Does not tell a topic that nobody uses from one that others do. */
const NOT_ADMITTED = 'not admitted to this topic'

const REFUSALS: Readonly<Record<TopicRefusal, { readonly code: number; readonly reason: string }>> = {
  malformed: { code: CLOSE.malformed, reason: 'not a message of y-webrtc' },
  topic: { code: CLOSE.notProven, reason: NOT_ADMITTED },
  token: { code: CLOSE.notProven, reason: NOT_ADMITTED },
  expired: { code: CLOSE.notProven, reason: NOT_ADMITTED },
  timeout: { code: CLOSE.timeout, reason: 'no subscription in time' },
  rate: { code: CLOSE.rate, reason: 'too many messages' },
  'address-full': { code: CLOSE.rate, reason: 'too many connections from this address' },
  'topic-full': { code: CLOSE.full, reason: 'this topic is full' },
  'many-topics': { code: CLOSE.tooLarge, reason: 'too many topics' },
}
