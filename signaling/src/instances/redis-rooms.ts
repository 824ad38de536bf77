/** What instances share, in a Redis. What comes from there is parsed like anything else from outside. */
import type { PeerId, RoomId } from '@parley/protocol'
import { type Limits, REDIS_BATCH_COUNT } from '../limits.ts'
import type { Log } from '../log.ts'
import {
  type InstanceId,
  type InstanceMessage,
  instanceOf,
  parseInstanceMessage,
  parseInstances,
  parsePeers,
} from './instance-messages.ts'
import { LiveInstances } from './live-instances.ts'
import { RedisClient } from './redis-client.ts'
import { ADD, HEARTBEAT, JOIN, LEAVE, REMOVE } from './redis-scripts.ts'
import type { InstanceEvents, SharedRooms } from './shared-rooms.ts'

const PREFIX = 'parley:'
const ROOM = `${PREFIX}room:`
const INSTANCES = `${PREFIX}instances`
const TOPIC = `${PREFIX}topic:`
const membersOf = (instance: InstanceId) => `${PREFIX}of:${instance}`
const channelTo = (instance: InstanceId) => `${PREFIX}to:${instance}`

/** Topics of `/y-webrtc` that somebody listens to here. */
export interface TopicListener {
  topics(): Iterable<string>
  /** `text` is not parsed yet. */
  published(topic: string, text: string): void
}

export interface RedisParts {
  readonly url: string
  readonly instance: InstanceId
  readonly limits: Pick<Limits, 'peersPerRoom' | 'instanceHeartbeatMs' | 'instanceTtlMs'>
  readonly listener: TopicListener
  readonly log: Log
  /** A clock that never goes back. */
  readonly nowMs: () => number
}

export class RedisRooms implements SharedRooms {
  readonly instance: InstanceId
  readonly #parts: RedisParts
  readonly #redis: RedisClient
  readonly #live: LiveInstances
  #events: InstanceEvents | null = null
  #heartbeat: NodeJS.Timeout | undefined

  constructor(parts: RedisParts) {
    this.instance = parts.instance
    this.#parts = parts
    this.#live = new LiveInstances(parts.limits.instanceTtlMs)
    const told = {
      up: () => void this.#onUp(),
      message: (channel: string, text: string) => this.#onMessage(channel, text),
    }
    this.#redis = new RedisClient(parts.url, told, parts.log)
  }

  start(events: InstanceEvents): void {
    this.#events = events
    this.#heartbeat = setInterval(() => void this.#beat(false), this.#parts.limits.instanceHeartbeatMs)
  }

  get isUp(): boolean {
    return this.#redis.isUp
  }

  async join(roomId: RoomId, peer: PeerId, count: number): Promise<readonly PeerId[] | 'full' | null> {
    const keys = [ROOM + roomId, membersOf(this.instance)]
    const drawn = await this.#redis.script(JOIN, keys, [peer, roomId, this.#parts.limits.peersPerRoom, count])
    return drawn === 'full' ? drawn : this.#alive(drawn)
  }

  async draw(roomId: RoomId, count: number): Promise<readonly PeerId[] | null> {
    return this.#alive(await this.#redis.run('SRANDMEMBER', [ROOM + roomId, count]))
  }

  #alive(drawn: unknown): readonly PeerId[] | null {
    const peers = parsePeers(drawn)
    return peers?.filter((peer) => this.reaches(instanceOf(peer))) ?? null
  }

  /** Whether an instance was heard of lately. */
  reaches(instance: InstanceId): boolean {
    return instance === this.instance || this.#live.has(instance, this.#parts.nowMs())
  }

  leave(roomId: RoomId, peer: PeerId): void {
    void this.#redis.script(LEAVE, [ROOM + roomId, membersOf(this.instance)], [peer, roomId])
  }

  post(message: InstanceMessage): boolean {
    const instance = instanceOf(message.to)
    if (instance === this.instance || !this.isUp || !this.reaches(instance)) return false
    void this.#redis.run('PUBLISH', [channelTo(instance), JSON.stringify(message)])
    return true
  }

  publish(topic: string, text: string): void {
    void this.#redis.run('PUBLISH', [TOPIC + topic, `${this.instance}${text}`])
  }

  listen(topic: string): void {
    if (this.isUp) this.#redis.subscribe([TOPIC + topic])
  }

  unlisten(topic: string): void {
    if (this.isUp) this.#redis.unsubscribe([TOPIC + topic])
  }

  #onMessage(channel: string, text: string): void {
    if (channel.startsWith(TOPIC)) {
      if (!text.startsWith(this.instance))
        this.#parts.listener.published(channel.slice(TOPIC.length), text.slice(this.instance.length))
      return
    }
    const message = parseInstanceMessage(text)
    if (message) this.#events?.message(message)
    else this.#parts.log('warn', 'instance-message-malformed')
  }

  /** What was said meanwhile is lost; what the Redis holds of this instance is replaced by what is true. */
  async #onUp(): Promise<void> {
    this.#live.forgive(this.#parts.nowMs())
    this.#redis.subscribe([channelTo(this.instance)])
    for (const topics of batches(this.#parts.listener.topics())) {
      this.#redis.subscribe(topics.map((topic) => TOPIC + topic))
    }
    await this.#announceAll()
    await this.#beat(true)
  }

  async #announceAll(): Promise<void> {
    await this.#takeOut(this.instance, '')
    for (const members of batches(this.#events?.members() ?? [])) {
      if (!this.isUp) return
      await this.#redis.script(ADD, [membersOf(this.instance)], [ROOM, ...members.flat()])
    }
  }

  /** All peers of an instance, a batch at a time, and its place in the list; several may do so at once. */
  async #takeOut(instance: InstanceId, listed: InstanceId | '' = instance): Promise<void> {
    const keys = [membersOf(instance), INSTANCES]
    for (let left = 1; left > 0; ) {
      const answer = await this.#redis.script(REMOVE, keys, [ROOM, listed, REDIS_BATCH_COUNT])
      left = typeof answer === 'number' ? answer : 0
    }
  }

  async #beat(isFirst: boolean): Promise<void> {
    const answer = await this.#redis.script(HEARTBEAT, [INSTANCES], [this.instance])
    if (Array.isArray(answer)) await this.#handleInstances(isFirst || answer[0] === 1, answer[1])
    for (const instance of this.isUp ? this.#live.takeGone(this.#parts.nowMs()) : []) {
      this.#parts.log('warn', 'instance-gone')
      this.#events?.gone(instance)
    }
  }

  async #handleInstances(wasKnown: boolean, listed: unknown): Promise<void> {
    const ages = parseInstances(listed) ?? []
    const nowMs = this.#parts.nowMs()
    for (const [instance, ageMs] of ages) {
      if (instance === this.instance) continue
      if (ageMs <= this.#parts.limits.instanceTtlMs) this.#live.saw(instance, nowMs - Math.max(0, ageMs))
      else await this.#takeOut(instance)
    }
    // Others took this instance for dead, or the Redis lost what it held.
    if (!wasKnown) await this.#announceAll()
  }

  /** Takes out what is left of this instance, as far as the Redis can be reached. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat)
    await this.#takeOut(this.instance)
    this.#redis.close()
  }
}

function* batches<T>(from: Iterable<T>): Generator<T[]> {
  let batch: T[] = []
  for (const one of from) {
    batch.push(one)
    if (batch.length < REDIS_BATCH_COUNT) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
