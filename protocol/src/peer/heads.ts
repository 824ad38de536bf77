/** DIGEST, HEADS, IHAVE, WANT: which entries somebody has and lacks. Rules: docs/spec.md, SY. */
import { type ByteReader, type ByteWriter, MalformedError } from '../codec.ts'
import {
  type DocName,
  idBytes,
  type KeyId,
  keyIdOf,
  type LogKey,
  logKeyOf,
  parseDocName,
  type SessionId,
  sessionIdOf,
} from '../ids.ts'
import { HEADS_COUNT } from '../limits.ts'

/** Logs fall into this many buckets by the first byte of their hash. */
export const DIGEST_BUCKETS = 256
export const BUCKET_HASH_BYTES = 8

export interface LogName {
  readonly doc: DocName
  readonly author: KeyId
  readonly session: SessionId
}

/** The last entry of a log that somebody holds. */
export interface Head extends LogName {
  readonly log: LogKey
  readonly seq: number
  /** Entry hash, 32 bytes. */
  readonly hash: Uint8Array
}

/** Entries `from`…`to` of a log, both included. */
export interface Range extends LogName {
  readonly log: LogKey
  readonly from: number
  readonly to: number
}

/** `root` = SHA-256 over the bucket hashes; `buckets` only once roots were seen to differ. */
export interface DigestFrame {
  readonly type: 'digest'
  readonly root: Uint8Array
  readonly buckets: readonly Uint8Array[] | null
}
/** All heads of the named buckets. `answer` asks the other side for its own of the same buckets. */
export interface HeadsFrame {
  readonly type: 'heads'
  readonly answer: boolean
  readonly buckets: Uint8Array
  readonly heads: readonly Head[]
}
/** New heads since the last tick, to links that are not fed the entries themselves. */
export interface IhaveFrame {
  readonly type: 'ihave'
  readonly heads: readonly Head[]
}
export interface WantFrame {
  readonly type: 'want'
  readonly ranges: readonly Range[]
}

export function writeLogName(writer: ByteWriter, log: LogName): void {
  writer.text(log.doc).fixed(idBytes(log.author)).fixed(idBytes(log.session))
}

export function readLogName(reader: ByteReader): LogName & { readonly log: LogKey } {
  const doc = parseDocName(reader.text(64))
  if (!doc) throw new MalformedError('document name')
  const author = keyIdOf(reader.fixed(32))
  const session = sessionIdOf(reader.fixed(8))
  return { doc, author, session, log: logKeyOf(doc, author, session) }
}

export function writeHeads(writer: ByteWriter, heads: readonly Head[]): void {
  writer.varUint(heads.length)
  for (const head of heads) {
    writeLogName(writer, head)
    writer.varUint(head.seq).fixed(head.hash)
  }
}

export function readHeads(reader: ByteReader): Head[] {
  const count = reader.varUint(HEADS_COUNT)
  const heads: Head[] = []
  for (let i = 0; i < count; i++) {
    heads.push({ ...readLogName(reader), seq: reader.varUint(), hash: reader.fixed(32) })
  }
  return heads
}

export function encodeDigest(frame: DigestFrame, writer: ByteWriter): void {
  writer.fixed(frame.root).u8(frame.buckets ? 1 : 0)
  for (const bucket of frame.buckets ?? []) writer.fixed(bucket)
}

export function decodeDigest(reader: ByteReader): DigestFrame {
  const root = reader.fixed(32)
  if (reader.u8() === 0) return { type: 'digest', root, buckets: null }
  const buckets = Array.from({ length: DIGEST_BUCKETS }, () => reader.fixed(BUCKET_HASH_BYTES))
  return { type: 'digest', root, buckets }
}

export function encodeHeads(frame: HeadsFrame, writer: ByteWriter): void {
  writer.u8(frame.answer ? 1 : 0).bytes(frame.buckets)
  writeHeads(writer, frame.heads)
}

export function decodeHeads(reader: ByteReader): HeadsFrame {
  const answer = reader.u8() === 1
  return { type: 'heads', answer, buckets: reader.bytes(DIGEST_BUCKETS), heads: readHeads(reader) }
}

export function encodeIhave(frame: IhaveFrame, writer: ByteWriter): void {
  writeHeads(writer, frame.heads)
}

export function decodeIhave(reader: ByteReader): IhaveFrame {
  return { type: 'ihave', heads: readHeads(reader) }
}

export function encodeWant(frame: WantFrame, writer: ByteWriter): void {
  writer.varUint(frame.ranges.length)
  for (const range of frame.ranges) {
    writeLogName(writer, range)
    writer.varUint(range.from).varUint(range.to)
  }
}

export function decodeWant(reader: ByteReader): WantFrame {
  const count = reader.varUint(HEADS_COUNT)
  const ranges: Range[] = []
  for (let i = 0; i < count; i++) {
    const range = { ...readLogName(reader), from: reader.varUint(), to: reader.varUint() }
    if (range.from === 0 || range.to < range.from) throw new MalformedError('range')
    ranges.push(range)
  }
  return { type: 'want', ranges }
}
