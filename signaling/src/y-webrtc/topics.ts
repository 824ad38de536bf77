/** Who listens to which topic. Pure, in memory; a topic lives while somebody listens. */
import type { Limits } from '../limits.ts'

/** Followed by at least 128 random bits: knowing the topic is the right to it. */
export const PAIRING_PREFIX = 'parley-pair-'
const PAIRING_TOPIC = /^parley-pair-[A-Za-z0-9_-]{22,64}$/

export function isPairingTopic(topic: string): boolean {
  return PAIRING_TOPIC.test(topic)
}

/** Told when the first listens here and when the last has gone. */
export interface TopicEvents {
  opened(topic: string): void
  closed(topic: string): void
}

const NOBODY: ReadonlySet<never> = new Set<never>()

export class Topics<Subscriber> {
  readonly #subscribers = new Map<string, Set<Subscriber>>()
  readonly #limits: Pick<Limits, 'subscribersPerTopic' | 'peersPerPairing'>
  readonly #events: TopicEvents | null

  constructor(
    limits: Pick<Limits, 'subscribersPerTopic' | 'peersPerPairing'>,
    events: TopicEvents | null = null,
  ) {
    this.#limits = limits
    this.#events = events
  }

  get topicCount(): number {
    return this.#subscribers.size
  }

  names(): Iterable<string> {
    return this.#subscribers.keys()
  }

  /** Valid until the next change. */
  subscribers(topic: string): ReadonlySet<Subscriber> {
    return this.#subscribers.get(topic) ?? NOBODY
  }

  /** False when the topic is full. */
  add(topic: string, subscriber: Subscriber): boolean {
    const present = this.#subscribers.get(topic)
    if (present?.has(subscriber)) return true
    const most = isPairingTopic(topic) ? this.#limits.peersPerPairing : this.#limits.subscribersPerTopic
    if ((present?.size ?? 0) >= most) return false
    if (present) present.add(subscriber)
    else {
      this.#subscribers.set(topic, new Set([subscriber]))
      this.#events?.opened(topic)
    }
    return true
  }

  remove(topic: string, subscriber: Subscriber): void {
    const present = this.#subscribers.get(topic)
    if (!present?.delete(subscriber) || present.size > 0) return
    this.#subscribers.delete(topic)
    this.#events?.closed(topic)
  }
}
