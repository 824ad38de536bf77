/** A folder of the archivist with one large room, as 50 people would have written it; made once and kept for later runs. */
import { createCipheriv, randomFillSync } from 'node:crypto'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diskStorages } from '@parley/archivist'
import {
  clientIdOf,
  concatBytes,
  type DocName,
  docKeyOf,
  encodeEntryHeader,
  entryAdditionalData,
  entryMessage,
  epochIdOf,
  epochZeroKeyOf,
  FIRST_PREV,
  formatRoomLink,
  IV_BYTES,
  parseDocName,
  type SessionId,
  sessionIdOf,
  sha256,
  signalKeyOf,
} from '@parley/protocol'
import { type TestMember, testRoom } from '@parley/protocol/testing'
import * as Y from 'yjs'

/** Part of the folder's name: a fixture of another layout is another folder. */
const LAYOUT = 2
const AUTHORS = 50
const UPDATE_BYTES = 200
const COMMIT_ENTRIES = 500
/** Entries of the page that a newcomer reads; the others are of pages that it does not open. */
export const READ_ENTRIES = 100
export const READ_PAGE = 'content/read'
const STARTED_MS = 1_700_000_000_000
/** AES-GCM's tag. */
const TAG_BYTES = 16

const room = testRoom('bench-archive')
const epochKey = epochZeroKeyOf(room.readKey)
const epoch = epochIdOf(0, epochKey)

export interface ArchiveFixture {
  readonly dir: string
  /** What the room's folder is called. */
  readonly room: string
  /** For people. */
  readonly viewerLink: string
}

function docName(text: string): DocName {
  const name = parseDocName(text)
  if (name === null) throw new RangeError(`${text} is no document's name`)
  return name
}

/** One session of one author in one document. */
class WritingLog {
  readonly #author: TestMember
  readonly #doc: DocName
  readonly #session: SessionId
  readonly #key: Uint8Array
  #seq = 0
  #prev = FIRST_PREV

  constructor(author: TestMember, doc: DocName, session: number) {
    this.#author = author
    this.#doc = doc
    this.#session = sessionIdOf(Uint8Array.of(session, 0, 0, 0, 0, 0, 0, 0))
    this.#key = docKeyOf(epochKey, doc)
  }

  get clientId(): number {
    return clientIdOf(this.#author.key.keyId, this.#session, this.#doc)
  }

  next(update: Uint8Array): Uint8Array {
    const header = {
      doc: this.#doc,
      kind: 'live' as const,
      epoch,
      author: this.#author.key.keyId,
      session: this.#session,
      seq: ++this.#seq,
      prev: this.#prev,
      timeMs: STARTED_MS + this.#seq * 1_000,
    }
    const headerBytes = encodeEntryHeader(header)
    const iv = randomFillSync(new Uint8Array(IV_BYTES))
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv)
    cipher.setAAD(entryAdditionalData(room.roomId, headerBytes))
    const ciphertext = concatBytes(cipher.update(update), cipher.final(), cipher.getAuthTag())
    const message = entryMessage(room.roomId, headerBytes, iv, ciphertext)
    this.#prev = sha256(message)
    return concatBytes(headerBytes, iv, ciphertext, this.#author.key.sign(message))
  }
}

function makeAuthors(): Promise<TestMember[]> {
  return Promise.all(Array.from({ length: AUTHORS }, (_, i) => room.device('editor', `author ${i}`)))
}

function* entriesOf(authors: readonly TestMember[], entryCount: number): Generator<Uint8Array> {
  const read = new WritingLog(authors[0] as TestMember, docName(READ_PAGE), 1)
  const doc = new Y.Doc()
  doc.clientID = read.clientId
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  for (let i = 0; i < READ_ENTRIES; i++) doc.getText('t').insert(i, 'x')
  for (const update of updates) yield read.next(update)
  const page = docName('content/page')
  const logs = authors.map((author) => new WritingLog(author, page, 2))
  const update = new Uint8Array(UPDATE_BYTES)
  for (let i = READ_ENTRIES; i < entryCount; i++) yield (logs[i % AUTHORS] as WritingLog).next(update)
}

async function fill(dir: string, name: string, entryCount: number): Promise<void> {
  const authors = await makeAuthors()
  const storages = await diskStorages(dir, { log: () => undefined })
  const storage = await storages.open(name)
  for (const { key, chainBytes } of authors) await storage.put(`author/${key.keyId}`, [chainBytes])
  let batch: Uint8Array[] = []
  for (const entry of entriesOf(authors, entryCount)) {
    batch.push(entry)
    if (batch.length < COMMIT_ENTRIES) continue
    storage.append(batch)
    batch = []
    await storage.flush()
  }
  storage.append(batch)
  await storages.close()
}

/** `add` makes a folder keep the room of a link. */
export async function archiveFixture(
  entryCount: number,
  add: (dir: string, link: string) => Promise<void>,
): Promise<ArchiveFixture> {
  const dir = join(tmpdir(), `parley-bench-archive-${LAYOUT}-${entryCount}`)
  const { roomId, readKey } = room
  const name = roomId.slice(0, 22)
  const [viewer, archivist] = await Promise.all([room.invite('viewer'), room.invite('archivist')])
  const link = (
    parts: { readonly readKey: Uint8Array } | { readonly signalKey: Uint8Array },
    { chain, key }: TestMember,
  ) => formatRoomLink('https://parley.test/', { roomId, chain, inviteSeed: key.seed, via: [], ...parts })
  const fixture = { dir, room: name, viewerLink: link({ readKey }, viewer) }
  if (
    await access(dir).then(
      () => true,
      () => false,
    )
  )
    return fixture
  const beside = `${dir}.new`
  await rm(beside, { recursive: true, force: true })
  await mkdir(beside, { mode: 0o700 })
  await add(beside, link({ signalKey: signalKeyOf(readKey) }, archivist))
  await fill(beside, name, entryCount)
  await rename(beside, dir)
  return fixture
}

/** Sizes of what a fixture is made of, for the title of a figure. */
export const FIXTURE = { authors: AUTHORS, updateBytes: UPDATE_BYTES, entryBytes: UPDATE_BYTES + TAG_BYTES }
