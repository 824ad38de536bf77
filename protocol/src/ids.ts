import { fromBase64Url, toBase64Url } from './bytes.ts'
import { sha256, withContext } from './hash.ts'

/** SHA-256("parley/room/v1" ‖ root public key), 32 bytes as 43 characters of base64url. */
export type RoomId = string & { readonly __brand: 'RoomId' }
/** An Ed25519 public key, 32 bytes as 43 characters of base64url. */
export type KeyId = string & { readonly __brand: 'KeyId' }
/** One writing of one device in one document: 8 random bytes as 11 characters of base64url. */
export type SessionId = string & { readonly __brand: 'SessionId' }
/** A connection to the signaling server, named by it. */
export type PeerId = string & { readonly __brand: 'PeerId' }
/** `content/<pageId>`, `index`, … : see {@link parseDocName}. */
export type DocName = string & { readonly __brand: 'DocName' }
/** One author's log of one document, as a map key. */
export type LogKey = string & { readonly __brand: 'LogKey' }

export const ROOM_ID_LINK_CHARACTERS = 22
const DOC_NAME = /^[a-z][a-z0-9]*(\/[A-Za-z0-9_-]{1,40})?$/

export function roomIdOf(rootPublicKey: Uint8Array): RoomId {
  return toBase64Url(sha256(withContext('parley/room/v1', rootPublicKey))) as RoomId
}

export function keyIdOf(publicKey: Uint8Array): KeyId {
  if (publicKey.length !== 32) throw new RangeError('a public key has 32 bytes')
  return toBase64Url(publicKey) as KeyId
}

export function sessionIdOf(bytes: Uint8Array): SessionId {
  if (bytes.length !== 8) throw new RangeError('a session id has 8 bytes')
  return toBase64Url(bytes) as SessionId
}

/** The bytes behind an id that this package made: they are known to be base64url. */
export function idBytes(id: RoomId | KeyId | SessionId): Uint8Array {
  return fromBase64Url(id) as Uint8Array
}

function parseId(text: string, bytes: number): string | null {
  return fromBase64Url(text)?.length === bytes ? text : null
}

export function parseRoomId(text: string): RoomId | null {
  return parseId(text, 32) as RoomId | null
}

export function parseKeyId(text: string): KeyId | null {
  return parseId(text, 32) as KeyId | null
}

/** A lower-case word, optionally followed by one id of a page: at most 64 characters. */
export function parseDocName(text: string): DocName | null {
  return text.length <= 64 && DOC_NAME.test(text) ? (text as DocName) : null
}

export function logKeyOf(doc: DocName, author: KeyId, session: SessionId): LogKey {
  return `${doc} ${author} ${session}` as LogKey
}
