/** What the signaling server sends on `/v1`. To a client it is hostile input like any other. */
import * as v from 'valibot'
import { SAMPLE_PEERS } from '../limits.ts'
import { parseJson, peerIdSchema, sealedSchema } from './client-messages.ts'

const url = v.pipe(v.string(), v.maxLength(256), v.regex(/^(stun|turn)s?:/))
export const iceServerSchema = v.strictObject({
  urls: v.union([url, v.pipe(v.array(url), v.maxLength(4))]),
  username: v.optional(v.pipe(v.string(), v.maxLength(256))),
  credential: v.optional(v.pipe(v.string(), v.maxLength(256))),
})
const iceServers = v.pipe(v.array(iceServerSchema), v.maxLength(8))
const peers = v.pipe(v.array(peerIdSchema), v.maxLength(SAMPLE_PEERS))
const agreement = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/))

export const challengeSchema = v.strictObject({
  type: v.literal('challenge'),
  nonce: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/)),
})
export const welcomeSchema = v.strictObject({
  type: v.literal('welcome'),
  peer: peerIdSchema,
  /** A random sample of who is here; the newcomer offers to each of them. */
  peers,
  iceServers,
  limits: v.strictObject({ frameBytes: v.number(), messagesPerSecond: v.number() }),
  /** Present where the server has an archivist that `keep` reaches; its X25519 key. */
  archivist: v.optional(v.strictObject({ agreement })),
})
/** In place of those of `welcome`, for links to come: TURN credentials before they expire. */
export const iceSchema = v.strictObject({ type: v.literal('ice'), iceServers })
/** In place of what `welcome` said of the archivist; `null` while none can be reached. */
export const archivistSchema = v.strictObject({
  type: v.literal('archivist'),
  agreement: v.nullable(agreement),
})
/** Somebody will offer; do not offer yourself. */
export const introduceSchema = v.strictObject({ type: v.literal('introduce'), peer: peerIdSchema })
/** The answer to `more`: offer to each of them. */
export const sampleSchema = v.strictObject({ type: v.literal('sample'), peers })
export const serverSignalSchema = v.strictObject({
  type: v.literal('signal'),
  from: peerIdSchema,
  sealed: sealedSchema,
})
/** The answer to `keep`. */
export const keptSchema = v.strictObject({ type: v.literal('kept'), accepted: v.boolean() })
export const leftSchema = v.strictObject({ type: v.literal('left'), peer: peerIdSchema })
export const refusedSchema = v.strictObject({
  type: v.literal('refused'),
  code: v.number(),
  reason: v.pipe(v.string(), v.maxLength(200)),
})

export const serverMessageSchema = v.variant('type', [
  challengeSchema,
  welcomeSchema,
  iceSchema,
  archivistSchema,
  introduceSchema,
  sampleSchema,
  serverSignalSchema,
  keptSchema,
  leftSchema,
  refusedSchema,
])
export type ServerMessage = v.InferOutput<typeof serverMessageSchema>
export type IceServer = v.InferOutput<typeof iceServerSchema>

/** `null` for anything but a well-formed message; never throws. */
export function parseServerMessage(text: string): ServerMessage | null {
  return parseJson(serverMessageSchema, text)
}
