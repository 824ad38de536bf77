/** What a client sends to the signaling server on `/v1`. One JSON object a frame. Rules: docs/spec.md, SG. */
import * as v from 'valibot'
import { CHAIN_BYTES, SEALED_LINK_BYTES } from '../limits.ts'

export const SIGNALING_VERSION = 1

const base64Url = (maxBytes: number) =>
  v.pipe(v.string(), v.maxLength(Math.ceil((maxBytes * 4) / 3)), v.regex(/^[A-Za-z0-9_-]*$/))
const key = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/))
export const peerIdSchema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{16,32}$/))
/** The server refuses a long one like any other that does not hold; the frame limit bounds it here. */
const token = v.string()
const chain = base64Url(CHAIN_BYTES)
/** iv ‖ ciphertext in base64url; the frame limit bounds it. */
export const sealedSchema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]+$/))

export const helloSchema = v.strictObject({
  type: v.literal('hello'),
  v: v.number(),
  room: key,
  chain,
  token: v.optional(token),
})
export const proofSchema = v.strictObject({ type: v.literal('proof'), signature: base64Url(64) })
export const clientSignalSchema = v.strictObject({
  type: v.literal('signal'),
  to: peerIdSchema,
  sealed: sealedSchema,
})
export const moreSchema = v.strictObject({ type: v.literal('more') })
export const renewSchema = v.strictObject({
  type: v.literal('renew'),
  token: v.optional(token),
  chain: v.optional(chain),
})
/** An owner asks the archivist of this server to keep the room: a link that only the archivist can open. */
export const keepSchema = v.strictObject({
  type: v.literal('keep'),
  sealed: v.pipe(base64Url(SEALED_LINK_BYTES), v.minLength(1)),
})
export const leaveSchema = v.strictObject({ type: v.literal('leave') })

export const clientMessageSchema = v.variant('type', [
  helloSchema,
  proofSchema,
  clientSignalSchema,
  moreSchema,
  renewSchema,
  keepSchema,
  leaveSchema,
])
export type ClientMessage = v.InferOutput<typeof clientMessageSchema>

/** `null` for anything but a well-formed message; never throws. */
export function parseClientMessage(text: string): ClientMessage | null {
  return parseJson(clientMessageSchema, text)
}

export function parseJson<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const result = v.safeParse(schema, value)
  return result.success ? result.output : null
}
