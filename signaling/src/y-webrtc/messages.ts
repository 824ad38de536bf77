/** The four messages that clients of y-webrtc send. Fields that they do not have are left out, never handed on. Pure. */
import * as v from 'valibot'
import { TOPIC_CHARACTERS, TOPIC_DATA_DEPTH, TOPICS_PER_CONNECTION } from '../limits.ts'

const topic = v.pipe(v.string(), v.minLength(1), v.maxLength(TOPIC_CHARACTERS))
const topics = v.pipe(v.array(topic), v.maxLength(TOPICS_PER_CONNECTION))
const messageSchema = v.variant('type', [
  v.object({ type: v.literal('subscribe'), topics }),
  v.object({ type: v.literal('unsubscribe'), topics }),
  v.object({ type: v.literal('publish'), topic, data: v.unknown() }),
  v.object({ type: v.literal('ping') }),
])

export type YWebrtcMessage = v.InferOutput<typeof messageSchema>
export type Publish = YWebrtcMessage & { readonly type: 'publish' }

/** Whether lists and objects in `value` are nested no deeper; never goes deeper itself. */
export function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1))
}

/** What nearly all messages are, by hand: a schema takes as long as sending to two. `null` leaves it to the schema. */
function asPublish(value: unknown): Publish | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const { type, topic, data } = value as Readonly<Record<string, unknown>>
  if (type !== 'publish' || typeof topic !== 'string') return null
  return topic.length > 0 && topic.length <= TOPIC_CHARACTERS && data !== undefined
    ? { type, topic, data }
    : null
}

/** `null` for anything but a well-formed message; never throws. */
export function parseYWebrtcMessage(text: string): YWebrtcMessage | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const published = asPublish(value)
  if (published) return isShallow(published.data, TOPIC_DATA_DEPTH) ? published : null
  const result = v.safeParse(messageSchema, value)
  if (!result.success) return null
  const message = result.output
  return message.type === 'publish' && !isShallow(message.data, TOPIC_DATA_DEPTH) ? null : message
}

/** What subscribers get: the same, with how many there are. */
export function formatPublish({ topic, data }: Publish, clients: number): string {
  return JSON.stringify({ type: 'publish', topic, data, clients })
}

export const PONG = '{"type":"pong"}'
