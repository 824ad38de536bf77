/** The sealed entry: one signed link of an author's log. Layout: docs/spec.md, EN. */
import { compareBytes, utf8 } from './bytes.ts'
import { ByteReader, ByteWriter, MalformedError, TooLargeError } from './codec.ts'
import { sha256, withContext } from './hash.ts'
import {
  type DocName,
  idBytes,
  type KeyId,
  keyIdOf,
  type LogKey,
  logKeyOf,
  parseDocName,
  type RoomId,
  type SessionId,
  sessionIdOf,
} from './ids.ts'
import { ENTRY_BYTES } from './limits.ts'

export const ENTRY_VERSION = 1
export const IV_BYTES = 12
export const SIGNATURE_BYTES = 64
export const FIRST_PREV: Uint8Array = new Uint8Array(32)

export const ENTRY_KINDS = ['live', 'snapshot'] as const
export type EntryKind = (typeof ENTRY_KINDS)[number]

/** Which key sealed an entry: a counter, and 8 bytes of SHA-256(key) that tell forks of the counter apart. */
export interface EpochId {
  readonly counter: number
  readonly keyHash: Uint8Array
}

/** Entries of `meta` are signed only: whoever stores a room blindly must obey them too. */
export function isEncrypted(doc: DocName): boolean {
  return doc !== 'meta'
}

export interface EntryHeader {
  readonly doc: DocName
  readonly kind: EntryKind
  readonly epoch: EpochId
  readonly author: KeyId
  readonly session: SessionId
  /** Counts from 1 within the log. */
  readonly seq: number
  /** Hash of the entry before, 32 zero bytes at seq 1. */
  readonly prev: Uint8Array
  /** The author's clock, Unix time in milliseconds. */
  readonly timeMs: number
}

/** An entry as it travels and is stored; nothing in it has been verified. */
export interface SealedEntry extends EntryHeader {
  readonly log: LogKey
  readonly headerBytes: Uint8Array
  readonly iv: Uint8Array
  readonly ciphertext: Uint8Array
  readonly signature: Uint8Array
  /** The whole entry: header ‖ iv ‖ ciphertext ‖ signature. */
  readonly bytes: Uint8Array
}

export function encodeEntryHeader(header: EntryHeader): Uint8Array<ArrayBuffer> {
  return new ByteWriter()
    .u8(ENTRY_VERSION)
    .text(header.doc)
    .u8(ENTRY_KINDS.indexOf(header.kind))
    .varUint(header.epoch.counter)
    .fixed(header.epoch.keyHash)
    .fixed(idBytes(header.author))
    .fixed(idBytes(header.session))
    .varUint(header.seq)
    .fixed(header.prev)
    .varUint(header.timeMs)
    .done()
}

function readHeader(reader: ByteReader): EntryHeader {
  if (reader.u8() !== ENTRY_VERSION) throw new MalformedError('entry version')
  const doc = parseDocName(reader.text(64))
  const kind = ENTRY_KINDS[reader.u8()]
  if (!doc || !kind) throw new MalformedError('document name or kind')
  const epoch = { counter: reader.varUint(), keyHash: reader.fixed(8) }
  const author = keyIdOf(reader.fixed(32))
  const session = sessionIdOf(reader.fixed(8))
  const seq = reader.varUint()
  if (seq === 0) throw new MalformedError('seq counts from 1')
  return { doc, kind, epoch, author, session, seq, prev: reader.fixed(32), timeMs: reader.varUint() }
}

/** Throws {@link MalformedError}. The result views `bytes`, which must not change afterwards. */
export function decodeEntry(bytes: Uint8Array): SealedEntry {
  if (bytes.length > ENTRY_BYTES) throw new TooLargeError('entry too large')
  const reader = new ByteReader(bytes)
  const header = readHeader(reader)
  const headerBytes = bytes.subarray(0, reader.position)
  const iv = reader.fixed(IV_BYTES)
  const ciphertextBytes = reader.remaining - SIGNATURE_BYTES
  if (ciphertextBytes < (isEncrypted(header.doc) ? 16 : 1)) throw new MalformedError('content too short')
  const ciphertext = reader.fixed(ciphertextBytes)
  const log = logKeyOf(header.doc, header.author, header.session)
  return { ...header, log, headerBytes, iv, ciphertext, signature: reader.rest(), bytes }
}

/** Throws {@link MalformedError}. A header alone, as in a proof. */
export function decodeEntryHeader(bytes: Uint8Array): EntryHeader {
  const reader = new ByteReader(bytes)
  const header = readHeader(reader)
  reader.end()
  return header
}

/** The bytes that the author signs and whose SHA-256 is the entry's hash. */
export function entryMessage(
  roomId: RoomId,
  headerBytes: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return entryMessageOf(roomId, headerBytes, sha256(iv, ciphertext))
}

/** The same from the hash of iv and ciphertext. */
export function entryMessageOf(
  roomId: RoomId,
  headerBytes: Uint8Array,
  bodyHash: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return withContext('parley/entry/v1', idBytes(roomId), headerBytes, bodyHash)
}

/** Additional data of the AEAD: an entry of one room never opens in another. */
export function entryAdditionalData(roomId: RoomId, headerBytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return withContext('parley/aead/v1', idBytes(roomId), headerBytes)
}

/**
 * The Yjs clientID of a log: 53 bits of SHA-256("parley/client/v1" ‖ author ‖ session ‖ doc). 32 bits would
 * collide in 14 % of rooms with 36,500 sessions and could be ground out in hours.
 */
export function clientIdOf(author: KeyId, session: SessionId, doc: DocName): number {
  const hash = sha256(withContext('parley/client/v1', idBytes(author), idBytes(session), utf8(doc)))
  const view = new DataView(hash.buffer, hash.byteOffset)
  return (view.getUint32(0) & 0x1fffff) * 2 ** 32 + view.getUint32(4)
}

/** What the canonical order of logs goes by: SHA-256(doc ‖ author ‖ session). */
export function logHashOf(doc: DocName, author: KeyId, session: SessionId): Uint8Array {
  return sha256(utf8(doc), idBytes(author), idBytes(session))
}

export function compareLogHashes(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, b)
}
