/** PRESENCE: who is here and where their caret is; sealed, never stored. Rules: docs/spec.md, PR. */
import { utf8 } from '../bytes.ts'
import { ByteReader, ByteWriter, MalformedError } from '../codec.ts'
import { withContext } from '../hash.ts'
import { type DocName, idBytes, parseDocName, type RoomId } from '../ids.ts'
import { NAME_CHARACTERS, PRESENCE_BYTES } from '../limits.ts'

/** iv ‖ AES-GCM under the presence key of an encoded {@link PresencePayload}. */
export interface PresenceFrame {
  readonly type: 'presence'
  readonly sealed: Uint8Array
}

/** Static facts, at most once a second. */
export interface PresenceFacts {
  readonly kind: 'facts'
  /** 16 random bytes, new for each running copy of the room. */
  readonly presenceId: Uint8Array
  /** The device key that signs; its role is taken from its grant, never from here. */
  readonly key: Uint8Array
  readonly seq: number
  readonly name: string
  /** 24-bit RGB. */
  readonly color: number
  readonly handRaised: boolean
  /** The document in view, or null. */
  readonly page: DocName | null
  readonly signature: Uint8Array
}

/** Latest wins; unsigned, valid only under known facts. Nothing but drawing may depend on it. */
export interface PresenceCaret {
  readonly kind: 'caret'
  readonly presenceId: Uint8Array
  readonly seq: number
  readonly doc: DocName
  /** clientID of the sender's copy of the document: carets of bindings are keyed by it. */
  readonly clientId: number
  /** JSON of a plain object, or empty when there is none any more. */
  readonly stateJson: string
}

/** The sender leaves on purpose. */
export interface PresenceGone {
  readonly kind: 'gone'
  readonly presenceId: Uint8Array
}

export type PresencePayload = PresenceFacts | PresenceCaret | PresenceGone

const KINDS = ['facts', 'caret', 'gone'] as const

export function factsMessage(
  roomId: RoomId,
  facts: Omit<PresenceFacts, 'kind' | 'signature'>,
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter()
  writeFacts(writer, facts)
  return withContext('parley/presence/v1', idBytes(roomId), writer.done())
}

function writeFacts(writer: ByteWriter, facts: Omit<PresenceFacts, 'kind' | 'signature'>): void {
  writer
    .fixed(facts.presenceId)
    .fixed(facts.key)
    .varUint(facts.seq)
    .text(facts.name)
    .varUint(facts.color)
    .u8(facts.handRaised ? 1 : 0)
    .text(facts.page ?? '')
}

function readFacts(reader: ByteReader): PresenceFacts {
  const presenceId = reader.fixed(16)
  const key = reader.fixed(32)
  const seq = reader.varUint()
  const name = reader.text(NAME_CHARACTERS * 4)
  const color = reader.varUint(0xffffff)
  const handRaised = reader.u8() === 1
  const pageText = reader.text(64)
  const page = pageText === '' ? null : parseDocName(pageText)
  if (pageText !== '' && page === null) throw new MalformedError('page')
  return { kind: 'facts', presenceId, key, seq, name, color, handRaised, page, signature: reader.fixed(64) }
}

function readCaret(reader: ByteReader): PresenceCaret {
  const presenceId = reader.fixed(16)
  const seq = reader.varUint()
  const doc = parseDocName(reader.text(64))
  if (!doc) throw new MalformedError('document name')
  return {
    kind: 'caret',
    presenceId,
    seq,
    doc,
    clientId: reader.varUint(),
    stateJson: reader.text(PRESENCE_BYTES),
  }
}

export function encodePresencePayload(payload: PresencePayload): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().u8(KINDS.indexOf(payload.kind))
  if (payload.kind === 'facts') {
    writeFacts(writer, payload)
    writer.fixed(payload.signature)
  } else if (payload.kind === 'caret') {
    writer.fixed(payload.presenceId).varUint(payload.seq).text(payload.doc).varUint(payload.clientId)
    writer.bytes(utf8(payload.stateJson))
  } else writer.fixed(payload.presenceId)
  return writer.done()
}

/** Throws {@link MalformedError}. */
export function decodePresencePayload(bytes: Uint8Array): PresencePayload {
  const reader = new ByteReader(bytes)
  const kind = KINDS[reader.u8()]
  if (!kind) throw new MalformedError('presence kind')
  const payload: PresencePayload =
    kind === 'facts'
      ? readFacts(reader)
      : kind === 'caret'
        ? readCaret(reader)
        : { kind: 'gone', presenceId: reader.fixed(16) }
  reader.end()
  return payload
}

export function presenceAdditionalData(roomId: RoomId): Uint8Array<ArrayBuffer> {
  return withContext('parley/presence-aead/v1', idBytes(roomId))
}
