/** The rooms and topics of this server: in its memory alone, or over all instances that share a Redis. */
import { randomBytes } from 'node:crypto'
import { type PeerId, toBase64Url, limits as wire } from '@parley/protocol'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import { type Deliver, LocalRooms, type RoomDirectory } from '../room-directory.ts'
import type { RoomRegistry } from '../room-registry.ts'
import { deliver as deliverTopic, type TopicConnection } from '../y-webrtc/connection.ts'
import { formatPublish, parseYWebrtcMessage } from '../y-webrtc/messages.ts'
import { Topics } from '../y-webrtc/topics.ts'
import { newInstance, newPeerOf } from './instance-messages.ts'
import { SpanningRooms } from './spanning-rooms.ts'

const PEER_ID_BYTES = 16
const bytes = (count: number) => new Uint8Array(randomBytes(count))

export interface Instances {
  readonly rooms: RoomDirectory
  readonly topics: Topics<TopicConnection>
  /** Hands what was published to the other instances. */
  passOn(topic: string, text: string): void
  /** False while the other instances cannot be reached. */
  isUp(): boolean
  close(): Promise<void>
}

export interface InstancesParts {
  readonly redisUrl: string | null
  readonly limits: Limits
  readonly registry: RoomRegistry
  readonly deliver: Deliver
  readonly log: Log
}

export async function openInstances(parts: InstancesParts): Promise<Instances> {
  return parts.redisUrl === null ? inMemory(parts) : overRedis(parts, parts.redisUrl)
}

function inMemory({ registry, deliver, limits }: InstancesParts): Instances {
  const newPeer = () => toBase64Url(bytes(PEER_ID_BYTES)) as PeerId
  return {
    rooms: new LocalRooms(registry, deliver, newPeer, Math.random),
    topics: new Topics(limits),
    passOn: () => undefined,
    isUp: () => true,
    close: async () => undefined,
  }
}

/** For those who listen here; whoever can write to the Redis may have written it. */
function deliverPublished(topics: Topics<TopicConnection>, topic: string, text: string): void {
  const message = text.length > 2 * wire.SIGNALING_FRAME_BYTES ? null : parseYWebrtcMessage(text)
  if (message?.type !== 'publish' || message.topic !== topic) return
  const to = topics.subscribers(topic)
  deliverTopic(to, formatPublish(message, to.size))
}

/** The client of the Redis is loaded by those who use one. */
async function overRedis(
  { registry, deliver, limits, log }: InstancesParts,
  url: string,
): Promise<Instances> {
  const { RedisRooms } = await import('./redis-rooms.ts')
  const instance = newInstance(bytes)
  const topics: Topics<TopicConnection> = new Topics(limits, {
    opened: (topic) => redis.listen(topic),
    closed: (topic) => redis.unlisten(topic),
  })
  const listener = {
    topics: () => topics.names(),
    published: (topic: string, text: string) => deliverPublished(topics, topic, text),
  }
  const newPeer = () => newPeerOf(instance, bytes)
  const redis = new RedisRooms({ url, instance, limits, listener, log, nowMs: () => performance.now() })
  const rooms = new SpanningRooms({ rooms: registry, deliver, newPeer, fraction: Math.random }, redis)
  return {
    rooms,
    topics,
    passOn: (topic, text) => redis.publish(topic, text),
    isUp: () => redis.isUp,
    close: () => redis.close(),
  }
}
