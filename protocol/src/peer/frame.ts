/** The union of frames on a link, and their encoding: one type byte, then the body. */
import { ByteReader, ByteWriter, MalformedError, TooLargeError } from '../codec.ts'
import {
  type DocName,
  idBytes,
  type KeyId,
  keyIdOf,
  type LogKey,
  parseDocName,
  type SessionId,
  sessionIdOf,
} from '../ids.ts'
import { CHAIN_BYTES, DRAFT_BYTES, ENTRY_BYTES, PRESENCE_BYTES } from '../limits.ts'
import { type CustodyFrame, decodeCustody, encodeCustody } from './custody.ts'
import { FRAME, type FrameName } from './frame-types.ts'
import {
  type DigestFrame,
  decodeDigest,
  decodeHeads,
  decodeIhave,
  decodeWant,
  encodeDigest,
  encodeHeads,
  encodeIhave,
  encodeWant,
  type HeadsFrame,
  type IhaveFrame,
  readLogName,
  type WantFrame,
  writeLogName,
} from './heads.ts'
import { type AuthFrame, decodeHello, encodeHello, type HelloFrame } from './hello.ts'
import type { PresenceFrame } from './presence.ts'

/** The grant chain of an author; precedes its first entry on a link. */
export interface AuthorFrame {
  readonly type: 'author'
  readonly chain: Uint8Array
}
/** Pushed as news on the live lane, or asked for with WANT on the sync lane. */
export interface EntryFrame {
  readonly type: 'entry'
  readonly entry: Uint8Array
}
/** Keys of later epochs, to a device whose chain stands, over a proven link. */
export interface KeysFrame {
  readonly type: 'keys'
  readonly epochs: readonly { readonly counter: number; readonly key: Uint8Array }[]
}
/** Two entries for one place in a log, both signed: whoever sees them can tell. */
export interface ProofFrame {
  readonly type: 'proof'
  readonly first: EntryStub
  readonly second: EntryStub
}
/** What the signature of an entry is made over, without its content. */
export interface EntryStub {
  readonly header: Uint8Array
  /** SHA-256(iv ‖ ciphertext) */
  readonly bodyHash: Uint8Array
  readonly signature: Uint8Array
}
/** Feed me the entries of this source again (GRAFT), or do not (PRUNE). */
export interface GraftFrame {
  readonly type: 'graft'
  readonly source: KeyId
}
export interface PruneFrame {
  readonly type: 'prune'
  readonly source: KeyId
}
/** I hold this log of yours up to `seq`, durably: said by members, worth no more than the link that it came over. */
export interface ReceiptFrame {
  readonly type: 'receipt'
  readonly doc: DocName
  readonly author: KeyId
  readonly session: SessionId
  readonly log: LogKey
  readonly seq: number
}
export interface PingFrame {
  readonly type: 'ping'
  readonly count: number
}
export interface PongFrame {
  readonly type: 'pong'
  readonly count: number
}
export interface CloseFrame {
  readonly type: 'close'
  readonly code: number
}
/** The receiver has dealt with so many more bytes of bulk frames. */
export interface CreditFrame {
  readonly type: 'credit'
  readonly bytes: number
}
/** At heads that hash to `heads`, this document reads like `reading` (both SHA-256). */
export interface ReadingFrame {
  readonly type: 'reading'
  readonly doc: DocName
  readonly heads: Uint8Array
  readonly reading: Uint8Array
}

/** Which log writes under this clientID? Asked when something that stands builds on one that was never told of. */
export interface SeekFrame {
  readonly type: 'seek'
  readonly doc: DocName
  readonly client: number
}

/**
 * What the sender has just written in a session of its own, ahead of the entry that will say it: for showing at once, worth
 * no more than the link that it came over.
 */
export interface DraftFrame {
  readonly type: 'draft'
  readonly doc: DocName
  readonly session: SessionId
  /** V1, at most {@link DRAFT_BYTES}. */
  readonly update: Uint8Array
}

export type Frame =
  | HelloFrame
  | AuthFrame
  | KeysFrame
  | ProofFrame
  | AuthorFrame
  | DigestFrame
  | HeadsFrame
  | WantFrame
  | EntryFrame
  | IhaveFrame
  | GraftFrame
  | PruneFrame
  | PresenceFrame
  | ReceiptFrame
  | PingFrame
  | PongFrame
  | CloseFrame
  | CreditFrame
  | ReadingFrame
  | SeekFrame
  | CustodyFrame
  | DraftFrame

/** A room that was rotated daily has so many after eleven years. */
const MAX_EPOCHS = 4096

const NAMES = new Map<number, FrameName>(
  Object.entries(FRAME).map(([name, number]) => [number, name as FrameName]),
)

/** Of the first byte of a frame; `null` when there is no such frame. */
export function frameNameOf(byte: number): FrameName | null {
  return NAMES.get(byte) ?? null
}

function numberIn(frame: PingFrame | PongFrame | CloseFrame | CreditFrame): number {
  if (frame.type === 'close') return frame.code
  return frame.type === 'credit' ? frame.bytes : frame.count
}

function bytesIn(frame: AuthFrame | AuthorFrame | EntryFrame | PresenceFrame): Uint8Array {
  switch (frame.type) {
    case 'auth':
      return frame.signature
    case 'author':
      return frame.chain
    case 'entry':
      return frame.entry
    case 'presence':
      return frame.sealed
  }
}

function writeEpochs(writer: ByteWriter, { epochs }: KeysFrame): void {
  writer.varUint(epochs.length)
  for (const { counter, key } of epochs) writer.varUint(counter).fixed(key)
}

function encodeBody(frame: Frame, writer: ByteWriter): void {
  switch (frame.type) {
    case 'hello':
      encodeHello(frame, writer)
      break
    case 'keys':
      writeEpochs(writer, frame)
      break
    case 'proof':
      writeStub(writer, frame.first)
      writeStub(writer, frame.second)
      break
    case 'draft':
      writer.text(frame.doc).fixed(idBytes(frame.session)).fixed(frame.update)
      break
    case 'digest':
      encodeDigest(frame, writer)
      break
    case 'heads':
      encodeHeads(frame, writer)
      break
    case 'want':
      encodeWant(frame, writer)
      break
    case 'ihave':
      encodeIhave(frame, writer)
      break
    case 'graft':
    case 'prune':
      writer.fixed(idBytes(frame.source))
      break
    case 'auth':
    case 'author':
    case 'entry':
    case 'presence':
      writer.fixed(bytesIn(frame))
      break
    case 'receipt':
      writeLogName(writer, frame)
      writer.varUint(frame.seq)
      break
    case 'custody':
      encodeCustody(frame, writer)
      break
    case 'ping':
    case 'pong':
    case 'close':
    case 'credit':
      writer.varUint(numberIn(frame))
      break
    case 'seek':
      writer.text(frame.doc).varUint(frame.client)
      break
    case 'reading':
      writer.text(frame.doc).fixed(frame.heads).fixed(frame.reading)
      break
    default:
      frame satisfies never
  }
}

export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().u8(FRAME[frame.type])
  encodeBody(frame, writer)
  return writer.done()
}

function writeStub(writer: ByteWriter, stub: EntryStub): void {
  writer.bytes(stub.header).fixed(stub.bodyHash).fixed(stub.signature)
}

function readStub(reader: ByteReader): EntryStub {
  return { header: reader.bytes(512), bodyHash: reader.fixed(32), signature: reader.fixed(64) }
}

function readEpochs(reader: ByteReader): { counter: number; key: Uint8Array }[] {
  const count = reader.varUint(MAX_EPOCHS)
  return Array.from({ length: count }, () => ({ counter: reader.varUint(), key: reader.fixed(32) }))
}

function readSource(reader: ByteReader): KeyId {
  return keyIdOf(reader.fixed(32))
}

function atMost(bytes: Uint8Array, max: number): Uint8Array {
  if (bytes.length > max) throw new TooLargeError(`over ${max} bytes`)
  return bytes
}

function readDoc(reader: ByteReader): DocName {
  const doc = parseDocName(reader.text(64))
  if (!doc) throw new MalformedError('document name')
  return doc
}

function readReading(reader: ByteReader): ReadingFrame {
  return { type: 'reading', doc: readDoc(reader), heads: reader.fixed(32), reading: reader.fixed(32) }
}

function readDraft(reader: ByteReader): DraftFrame {
  const doc = readDoc(reader)
  const session = sessionIdOf(reader.fixed(8))
  return { type: 'draft', doc, session, update: atMost(reader.rest(), DRAFT_BYTES) }
}

function decodeBody(name: FrameName | undefined, reader: ByteReader): Frame {
  switch (name) {
    case 'hello':
      return decodeHello(reader)
    case 'auth':
      return { type: 'auth', signature: reader.fixed(64) }
    case 'keys':
      return { type: 'keys', epochs: readEpochs(reader) }
    case 'proof':
      return { type: 'proof', first: readStub(reader), second: readStub(reader) }
    case 'draft':
      return readDraft(reader)
    case 'author':
      return { type: 'author', chain: atMost(reader.rest(), CHAIN_BYTES) }
    case 'digest':
      return decodeDigest(reader)
    case 'heads':
      return decodeHeads(reader)
    case 'want':
      return decodeWant(reader)
    case 'entry':
      return { type: 'entry', entry: atMost(reader.rest(), ENTRY_BYTES) }
    case 'ihave':
      return decodeIhave(reader)
    case 'graft':
    case 'prune':
      return { type: name, source: readSource(reader) }
    case 'presence':
      return { type: 'presence', sealed: atMost(reader.rest(), PRESENCE_BYTES) }
    case 'receipt':
      return { type: 'receipt', ...readLogName(reader), seq: reader.varUint() }
    case 'custody':
      return decodeCustody(reader)
    case 'ping':
    case 'pong':
      return { type: name, count: reader.varUint() }
    case 'close':
      return { type: 'close', code: reader.varUint(9999) }
    case 'credit':
      return { type: 'credit', bytes: reader.varUint(2 ** 31) }
    case 'seek':
      return { type: 'seek', doc: readDoc(reader), client: reader.varUint() }
    case 'reading':
      return readReading(reader)
    default:
      throw new MalformedError('frame type')
  }
}

/** Throws {@link MalformedError}. The result views `bytes`. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const reader = new ByteReader(bytes)
  const frame = decodeBody(NAMES.get(reader.u8()), reader)
  reader.end()
  return frame
}
