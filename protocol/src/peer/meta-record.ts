/**
 * What owners decide about a room, one record an entry of the document `meta`: signed, not encrypted, so that whoever
 * only stores the room can obey it too. A grow-only set: order does not matter. Rules: docs/spec.md, MT.
 */
import { ByteReader, ByteWriter, MalformedError } from '../codec.ts'
import { idBytes, type KeyId, keyIdOf } from '../ids.ts'
import { type Head, readHeads, writeHeads } from './heads.ts'

/**
 * Voids every chain through `key`, except those that end in one of `keep`. Of the logs of whoever loses the right by it,
 * what `heads` names still stands; a log that is not named stands not at all.
 */
export interface RevokeRecord {
  readonly type: 'revoke'
  readonly key: KeyId
  readonly keep: readonly KeyId[]
  readonly heads: readonly Head[]
}

/** The grant of `key` has ended: its logs stand up to `heads`, so that nothing can be back-dated into them. */
export interface CloseRecord {
  readonly type: 'close'
  readonly key: KeyId
  readonly heads: readonly Head[]
}

/** The epoch key for one member, under X25519 with a fresh key and HKDF, AES-256-GCM. */
export interface WrappedKey {
  readonly recipient: KeyId
  /** X25519 public key made for this wrap, 32 bytes. */
  readonly ephemeral: Uint8Array
  readonly iv: Uint8Array
  /** 32 bytes of key and 16 of tag. */
  readonly sealed: Uint8Array
}

/** A new key for all that is sealed from now on. */
export interface EpochRecord {
  readonly type: 'epoch'
  readonly counter: number
  /** First 8 bytes of SHA-256(key). */
  readonly keyHash: Uint8Array
  readonly wraps: readonly WrappedKey[]
}

export interface PolicyRecord {
  readonly type: 'policy'
  /** Candidates that show an address of the device are neither sent nor used. */
  readonly relayOnly: boolean
}

export type MetaRecord = RevokeRecord | CloseRecord | EpochRecord | PolicyRecord

const TYPES = ['revoke', 'close', 'epoch', 'policy'] as const
const MAX_KEYS = 4096

function writeKeys(writer: ByteWriter, keys: readonly KeyId[]): void {
  writer.varUint(keys.length)
  for (const key of keys) writer.fixed(idBytes(key))
}

function readKeys(reader: ByteReader): KeyId[] {
  const count = reader.varUint(MAX_KEYS)
  return Array.from({ length: count }, () => keyIdOf(reader.fixed(32)))
}

function readWraps(reader: ByteReader): WrappedKey[] {
  const count = reader.varUint(MAX_KEYS)
  return Array.from({ length: count }, () => ({
    recipient: keyIdOf(reader.fixed(32)),
    ephemeral: reader.fixed(32),
    iv: reader.fixed(12),
    sealed: reader.fixed(48),
  }))
}

export function encodeMetaRecord(record: MetaRecord): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().u8(TYPES.indexOf(record.type))
  if (record.type === 'policy') writer.u8(record.relayOnly ? 1 : 0)
  else if (record.type === 'epoch') {
    writer.varUint(record.counter).fixed(record.keyHash).varUint(record.wraps.length)
    for (const { recipient, ephemeral, iv, sealed } of record.wraps) {
      writer.fixed(idBytes(recipient)).fixed(ephemeral).fixed(iv).fixed(sealed)
    }
  } else {
    writer.fixed(idBytes(record.key))
    if (record.type === 'revoke') writeKeys(writer, record.keep)
    writeHeads(writer, record.heads)
  }
  return writer.done()
}

function readRecord(reader: ByteReader): MetaRecord {
  const type = TYPES[reader.u8()]
  switch (type) {
    case 'revoke':
      return { type, key: keyIdOf(reader.fixed(32)), keep: readKeys(reader), heads: readHeads(reader) }
    case 'close':
      return { type, key: keyIdOf(reader.fixed(32)), heads: readHeads(reader) }
    case 'epoch':
      return { type, counter: reader.varUint(), keyHash: reader.fixed(8), wraps: readWraps(reader) }
    case 'policy':
      return { type, relayOnly: reader.u8() === 1 }
    default:
      throw new MalformedError('meta record')
  }
}

/** Throws {@link MalformedError}. */
export function decodeMetaRecord(bytes: Uint8Array): MetaRecord {
  const reader = new ByteReader(bytes)
  const record = readRecord(reader)
  reader.end()
  return record
}

/** Key of a wrap: both X25519 public keys are bound in, as RFC 7748 §6.1 advises. */
export function wrapInfo(recipientAgreement: Uint8Array, ephemeral: Uint8Array): string {
  return `parley/wrap/v1/${[...recipientAgreement, ...ephemeral].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
