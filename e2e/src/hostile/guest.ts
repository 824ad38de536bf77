/** Somebody with a valid invite and a client of their own making, which signs whatever it is told to. */
import {
  concatBytes,
  type DocName,
  docKeyOf,
  encodeChain,
  encodeEntryHeader,
  entryAdditionalData,
  entryMessage,
  epochIdOf,
  epochZeroKeyOf,
  FIRST_PREV,
  IV_BYTES,
  type KeyId,
  keyIdOf,
  parseDocName,
  parseRoomLink,
  parseSealedSignal,
  type RoomId,
  type SealedSignal,
  type SessionId,
  sessionIdOf,
  signalAdditionalData,
  signalKeyOf,
  signGrant,
  utf8,
  utf8Decode,
} from '@parley/protocol'
import { type Keys, keysOf, open, random, seal } from './keys.ts'

/** What every holder of a link knows of a room. */
export interface RoomKnowledge {
  readonly roomId: RoomId
  readonly readKey: Uint8Array
}

export interface Guest extends RoomKnowledge {
  readonly keys: Keys
  readonly keyId: KeyId
  readonly chain: Uint8Array
  readonly instance: Uint8Array
}

/** Enters by an invite link as an honest client does: one more grant, from the invite's key to a key of one's own. */
export async function guestBy(link: string): Promise<Guest> {
  const verdict = parseRoomLink(link)
  if (!verdict.ok) throw new Error(`the link is ${verdict.fault}`)
  if (!('readKey' in verdict.link)) throw new Error('the link is for an archivist')
  const { roomId, readKey, chain, inviteSeed } = verdict.link
  const invite = keysOf(inviteSeed)
  const keys = keysOf(random(32))
  const above = chain.grants.at(-1)
  if (!above) throw new Error('a link without grants')
  const { role, may, notAfterMs } = above
  const given = { role, may, notAfterMs, epoch: 0, nonce: random(8) }
  const grant = { subject: keys.publicKey, agreement: keys.agreementKey, ...given }
  const signed = await signGrant(roomId, invite.publicKey, grant, invite.sign)
  return {
    roomId,
    readKey,
    keys,
    keyId: keyIdOf(keys.publicKey),
    chain: encodeChain({ rootKey: chain.rootKey, grants: [...chain.grants, signed] }),
    instance: random(16),
  }
}

export function docName(text: string): DocName {
  const name = parseDocName(text)
  if (!name) throw new Error(`not a document: ${text}`)
  return name
}

export interface Forgery {
  readonly doc: DocName
  readonly session?: SessionId
  readonly seq?: number
  readonly prev?: Uint8Array
  readonly update: Uint8Array
}

export function newSession(): SessionId {
  return sessionIdOf(random(8))
}

/** An entry that is right in everything but, perhaps, that its author may not write it. */
export function sealEntry(guest: Guest, forgery: Forgery): Uint8Array {
  const { doc, session = newSession(), seq = 1, prev = FIRST_PREV, update } = forgery
  const { roomId, readKey, keys, keyId } = guest
  const epochKey = epochZeroKeyOf(readKey)
  const epoch = epochIdOf(0, epochKey)
  const timeMs = Date.now()
  const header = encodeEntryHeader({ doc, kind: 'live', epoch, author: keyId, session, seq, prev, timeMs })
  const sealed = seal(docKeyOf(epochKey, doc), entryAdditionalData(roomId, header), update)
  const message = entryMessage(roomId, header, sealed.slice(0, IV_BYTES), sealed.slice(IV_BYTES))
  return concatBytes(header, sealed, keys.sign(message))
}

export function sealSignal(room: RoomKnowledge, from: string, to: string, signal: SealedSignal): Uint8Array {
  const text = utf8(JSON.stringify(signal))
  return seal(signalKeyOf(room.readKey), additionalDataOf(room, from, to), text)
}

export function openSignal(room: RoomKnowledge, from: string, to: string, sealed: Uint8Array): SealedSignal {
  const bytes = open(signalKeyOf(room.readKey), additionalDataOf(room, from, to), sealed)
  const signal = parseSealedSignal(utf8Decode(bytes))
  if (!signal) throw new Error('not a signal')
  return signal
}

type PeerName = Parameters<typeof signalAdditionalData>[1]

function additionalDataOf({ roomId }: RoomKnowledge, from: string, to: string): Uint8Array {
  return signalAdditionalData(roomId, from as PeerName, to as PeerName)
}
