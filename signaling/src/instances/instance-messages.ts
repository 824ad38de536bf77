/** What instances of one deployment tell each other about their peers. Whoever can write to the Redis can send them. Pure. */
import { type PeerId, parseRoomId, type RoomId, toBase64Url } from '@parley/protocol'
import * as v from 'valibot'
import { INSTANCE_MESSAGE_CHARACTERS } from '../limits.ts'

/** One running server. The id of each of its peers begins with it, so that any instance knows whom to ask. */
export type InstanceId = string & { readonly __brand: 'InstanceId' }

const INSTANCE_CHARACTERS = 8
const INSTANCE_BYTES = 6
const PEER_CHARACTERS = 22
const PEER_RANDOM_BYTES = 11

const peer = v.custom<PeerId>((value) => typeof value === 'string' && /^[A-Za-z0-9_-]{22}$/.test(value))
const room = v.custom<RoomId>((value) => typeof value === 'string' && parseRoomId(value) !== null)
const head = { room, to: peer }
const schema = v.variant('type', [
  v.strictObject({ type: v.literal('introduce'), ...head, peer }),
  v.strictObject({ type: v.literal('left'), ...head, peer }),
  v.strictObject({
    type: v.literal('signal'),
    ...head,
    from: peer,
    sealed: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]+$/)),
  }),
])
const peers = v.array(peer)
const instances = v.array(
  v.tuple([
    v.custom<InstanceId>((value) => typeof value === 'string' && /^[A-Za-z0-9_-]{8}$/.test(value)),
    v.pipe(v.number(), v.finite()),
  ]),
)

export type InstanceMessage = v.InferOutput<typeof schema>
/** How long ago it was heard of, by the clock of the Redis. */
export type InstanceAge = v.InferOutput<typeof instances>[number]

/** `null` for anything but a well-formed message; never throws. */
export function parseInstanceMessage(text: string): InstanceMessage | null {
  if (text.length > INSTANCE_MESSAGE_CHARACTERS) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const result = v.safeParse(schema, value)
  return result.success ? result.output : null
}

/** `null` for anything but a list of peers. */
export function parsePeers(value: unknown): readonly PeerId[] | null {
  const result = v.safeParse(peers, value)
  return result.success ? result.output : null
}

/** `null` for anything but a list of instances, each with its age in milliseconds. */
export function parseInstances(value: unknown): readonly InstanceAge[] | null {
  const result = v.safeParse(instances, value)
  return result.success ? result.output : null
}

/** @param randomBytes of a cryptographic source */
export function newInstance(randomBytes: (count: number) => Uint8Array): InstanceId {
  return toBase64Url(randomBytes(INSTANCE_BYTES)) as InstanceId
}

/** 84 random bits after the name of the instance. */
export function newPeerOf(instance: InstanceId, randomBytes: (count: number) => Uint8Array): PeerId {
  const random = toBase64Url(randomBytes(PEER_RANDOM_BYTES))
  return `${instance}${random}`.slice(0, PEER_CHARACTERS) as PeerId
}

export function instanceOf(peerId: PeerId): InstanceId {
  return peerId.slice(0, INSTANCE_CHARACTERS) as InstanceId
}
