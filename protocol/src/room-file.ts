/**
 * The `.parley` file: one room, as sealed as it is stored, in sections that each carry a check. Whoever cut it short or
 * turned a bit is found out before anything in it is believed; what it says is verified by others. Layout: docs/spec.md, RF.
 */
import { concatBytes, equalBytes } from './bytes.ts'
import { ByteReader, ByteWriter, MalformedError } from './codec.ts'
import { sha256 } from './hash.ts'
import { type RoomId, roomIdOf } from './ids.ts'
import {
  CHAIN_BYTES,
  ENTRY_BYTES,
  ROOM_FILE_BYTES,
  ROOM_FILE_EPOCHS,
  ROOM_FILE_RECORDS,
  ROOM_FILE_SECTION_BYTES,
} from './limits.ts'
import { decodeFrame, encodeFrame, type ProofFrame } from './peer/frame.ts'

export const ROOM_FILE_VERSION = 1
/** As PNG's (RFC 2083 §12.11): a byte that is no text, and line ends that careless copying changes. */
const MAGIC = Uint8Array.of(0x89, 0x50, 0x52, 0x4c, 0x59, 0x0d, 0x0a, 0x1a)
const CHECK_BYTES = 8
/** A recovery file has 0.4 kB. */
const ROOT_BYTES = 4096
const SECTION = { end: 0, room: 1, chain: 2, proof: 3, keys: 4, root: 5, entries: 6 } as const

export interface FileKeys {
  /** 32 bytes. */
  readonly readKey: Uint8Array
  /** Keys of epochs above 0, 32 bytes each. */
  readonly epochs: readonly { readonly counter: number; readonly key: Uint8Array }[]
}

export interface RoomFileContent {
  /** Ed25519 public key, 32 bytes: the room's id follows from it. */
  readonly rootKey: Uint8Array
  /** What the room is read with; `null` from whoever keeps it without being able to read it. */
  readonly keys: FileKeys | null
  /** A recovery file: the root key under a passphrase. */
  readonly root: Uint8Array | null
  readonly chains: Iterable<Uint8Array>
  readonly proofs: Iterable<ProofFrame>
  /** Sealed entries, those of one log in order. */
  readonly entries: Iterable<Uint8Array>
}

/** What a file says; only its checks hold so far. Arrays are views of the file. */
export interface RoomFile {
  readonly roomId: RoomId
  readonly rootKey: Uint8Array
  readonly keys: FileKeys | null
  readonly root: Uint8Array | null
  readonly chains: readonly Uint8Array[]
  readonly proofs: readonly ProofFrame[]
  readonly entries: readonly Uint8Array[]
}

/** Another version of the format: not damaged, but not to be read here. */
export class RoomFileVersionError extends MalformedError {}

/** The file in pieces of at most 1.25 MiB, made as they are asked for. */
export function* roomFileChunks(content: RoomFileContent): Generator<Uint8Array<ArrayBuffer>> {
  const checks: Uint8Array[] = []
  const section = (type: number, body: Uint8Array): Uint8Array<ArrayBuffer> => {
    const check = checkOf(type, body)
    checks.push(check)
    return concatBytes(new ByteWriter().u8(type).varUint(body.length).done(), body, check)
  }
  yield concatBytes(MAGIC, Uint8Array.of(ROOM_FILE_VERSION), section(SECTION.room, content.rootKey))
  if (content.keys) yield section(SECTION.keys, encodeKeys(content.keys))
  if (content.root) yield section(SECTION.root, content.root)
  for (const chain of content.chains) yield section(SECTION.chain, chain)
  for (const proof of content.proofs) yield section(SECTION.proof, encodeFrame(proof))
  for (const body of entryGroups(content.entries)) yield section(SECTION.entries, body)
  yield section(SECTION.end, sha256(...checks))
}

/** Entries after their lengths, as many as fit. */
function* entryGroups(entries: Iterable<Uint8Array>): Generator<Uint8Array> {
  let writer = new ByteWriter()
  let groupBytes = 0
  for (const entry of entries) {
    if (groupBytes > 0 && groupBytes + entry.length > ROOM_FILE_SECTION_BYTES - ENTRY_BYTES) {
      yield writer.done()
      writer = new ByteWriter()
      groupBytes = 0
    }
    writer.bytes(entry)
    groupBytes += entry.length + 4
  }
  if (groupBytes > 0) yield writer.done()
}

/** Throws {@link MalformedError}, {@link RoomFileVersionError} for another version. Nothing in it is verified. */
export function decodeRoomFile(bytes: Uint8Array): RoomFile {
  const sections = roomFileSections(bytes)
  for (;;) {
    const step = sections.next()
    if (step.done) return step.value
  }
}

/** The same a section, so at most 1.25 MiB, at a time: for who must not be held up for a second by 100 MB. */
export function* roomFileSections(bytes: Uint8Array): Generator<undefined, RoomFile> {
  if (bytes.length > ROOM_FILE_BYTES) throw new MalformedError('file too large')
  const reader = new ByteReader(bytes)
  if (!equalBytes(reader.fixed(MAGIC.length), MAGIC)) throw new MalformedError('not a room file')
  const version = reader.u8()
  if (version !== ROOM_FILE_VERSION) throw new RoomFileVersionError(`file version ${version}`)
  const found = new Sections()
  const checks: Uint8Array[] = []
  for (;;) {
    const { type, body, check } = readSection(reader)
    if (type === SECTION.end) {
      if (!equalBytes(body, sha256(...checks))) throw new MalformedError('sections are missing or moved')
      reader.end()
      return found.file()
    }
    checks.push(check)
    found.add(type, body)
    yield
  }
}

function readSection(reader: ByteReader): { type: number; body: Uint8Array; check: Uint8Array } {
  const type = reader.u8()
  const body = reader.bytes(ROOM_FILE_SECTION_BYTES)
  const check = reader.fixed(CHECK_BYTES)
  if (!equalBytes(check, checkOf(type, body))) throw new MalformedError('damaged section')
  return { type, body, check }
}

function checkOf(type: number, body: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(type), body).slice(0, CHECK_BYTES)
}

class Sections {
  #rootKey: Uint8Array | null = null
  #keys: FileKeys | null = null
  #root: Uint8Array | null = null
  readonly #chains: Uint8Array[] = []
  readonly #proofs: ProofFrame[] = []
  readonly #entries: Uint8Array[] = []

  add(type: number, body: Uint8Array): void {
    if ((type === SECTION.room) !== (this.#rootKey === null)) throw new MalformedError('the room comes first')
    switch (type) {
      case SECTION.room:
        this.#rootKey = withLength(body, 32, 32)
        return
      case SECTION.keys:
        if (this.#keys) throw new MalformedError('keys twice')
        this.#keys = decodeKeys(body)
        return
      case SECTION.root:
        if (this.#root) throw new MalformedError('root key twice')
        this.#root = withLength(body, 1, ROOT_BYTES)
        return
      case SECTION.chain:
        this.#countRecord()
        this.#chains.push(withLength(body, 1, CHAIN_BYTES))
        return
      case SECTION.proof:
        this.#countRecord()
        this.#proofs.push(decodeProof(body))
        return
      case SECTION.entries:
        readEntries(body, this.#entries)
        return
      default:
        throw new MalformedError('section type')
    }
  }

  #countRecord(): void {
    if (this.#chains.length + this.#proofs.length >= ROOM_FILE_RECORDS)
      throw new MalformedError('too many chains and proofs')
  }

  file(): RoomFile {
    if (!this.#rootKey) throw new MalformedError('no room')
    return {
      roomId: roomIdOf(this.#rootKey),
      rootKey: this.#rootKey,
      keys: this.#keys,
      root: this.#root,
      chains: this.#chains,
      proofs: this.#proofs,
      entries: this.#entries,
    }
  }
}

function withLength(bytes: Uint8Array, min: number, max: number): Uint8Array {
  if (bytes.length < min || bytes.length > max) throw new MalformedError('section length')
  return bytes
}

function readEntries(body: Uint8Array, into: Uint8Array[]): void {
  const reader = new ByteReader(body)
  while (reader.remaining > 0) into.push(reader.bytes(ENTRY_BYTES))
}

function decodeProof(body: Uint8Array): ProofFrame {
  const frame = decodeFrame(body)
  if (frame.type !== 'proof') throw new MalformedError('not a proof')
  return frame
}

function encodeKeys({ readKey, epochs }: FileKeys): Uint8Array {
  const writer = new ByteWriter().fixed(readKey).varUint(epochs.length)
  for (const { counter, key } of epochs) writer.varUint(counter).fixed(key)
  return writer.done()
}

function decodeKeys(body: Uint8Array): FileKeys {
  const reader = new ByteReader(body)
  const readKey = reader.fixed(32)
  const count = reader.varUint(ROOM_FILE_EPOCHS)
  const epochs = Array.from({ length: count }, () => ({ counter: reader.varUint(), key: reader.fixed(32) }))
  reader.end()
  return { readKey, epochs }
}
