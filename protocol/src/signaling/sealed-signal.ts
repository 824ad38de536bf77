/**
 * What travels inside a sealed signal, from peer to peer; the server sees ciphertext and sizes.
 * JSON, since most of it is SDP. Rules: docs/spec.md, SS.
 */
import * as v from 'valibot'
import { utf8 } from '../bytes.ts'
import { withContext } from '../hash.ts'
import { idBytes, type PeerId, type RoomId } from '../ids.ts'
import { SDP_BYTES, SDP_CANDIDATES } from '../limits.ts'
import { parseJson } from './client-messages.ts'

/** 16 random bytes that name one running copy of a room (a tab): tells a second link to the same one. */
const instance = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22}$/))
const attempt = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{11}$/))
const sdp = v.pipe(v.string(), v.maxLength(SDP_BYTES))
const candidate = v.strictObject({
  candidate: v.pipe(v.string(), v.maxLength(1024)),
  sdpMid: v.nullish(v.pipe(v.string(), v.maxLength(64))),
  sdpMLineIndex: v.nullish(v.number()),
  usernameFragment: v.nullish(v.pipe(v.string(), v.maxLength(256))),
})

export const sealedSignalSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('offer'),
    attempt,
    sdp,
    instance,
    /** Copies that the offerer holds a live link to: whoever finds itself there and agrees declines. */
    linked: v.pipe(v.array(instance), v.maxLength(16)),
  }),
  v.strictObject({ type: v.literal('answer'), attempt, sdp, instance }),
  v.strictObject({
    type: v.literal('candidates'),
    attempt,
    candidates: v.pipe(v.array(candidate), v.maxLength(SDP_CANDIDATES)),
  }),
  v.strictObject({ type: v.literal('decline'), attempt, instance, why: v.picklist(['linked', 'full']) }),
])
export type SealedSignal = v.InferOutput<typeof sealedSignalSchema>
export type IceCandidate = v.InferOutput<typeof candidate>

export function parseSealedSignal(text: string): SealedSignal | null {
  return parseJson(sealedSignalSchema, text)
}

export function signalAdditionalData(roomId: RoomId, from: PeerId, to: PeerId): Uint8Array<ArrayBuffer> {
  return withContext('parley/ss/v1', idBytes(roomId), utf8(`${from} ${to}`))
}
