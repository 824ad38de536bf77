/** A room's keys and authors without a room: entries as honest and other authors seal them, for tests of the journal. */
import {
  type DocName,
  epochZeroKeyOf,
  FIRST_PREV,
  parseDocName,
  type SealedEntry,
  type SessionId,
  sessionIdOf,
} from '@parley/protocol'
import { type TestMember, type TestRoom, testRoom, testVerify } from '@parley/protocol/testing'
import { AuthorBook } from '../journal/author-book.ts'
import { EntrySeal } from '../journal/entry-seal.ts'
import { EpochKeys } from '../journal/epoch-keys.ts'
import { Journal } from '../journal/journal.ts'
import type { MaybePromise, Signer } from '../ports.ts'
import { seededCipher, seededKeyring, seededRandom } from './seeded-crypto.ts'

/** What {@link SealedRoom.write} takes from the log's state unless it is said. */
export interface EntryFields {
  readonly doc?: string
  /** First byte of the session's id, the others are 0. */
  readonly session?: number
  readonly seq?: number
  readonly prev?: Uint8Array
  readonly timeMs?: number
}

export interface WrittenEntry {
  readonly entry: SealedEntry
  readonly hash: Uint8Array
}

/** Some moment, for entries that say nothing else. */
export const WRITTEN_MS = 1_800_000_000_000

export class SealedRoom {
  readonly room: TestRoom
  readonly seal: EntrySeal
  readonly journal: Journal = new Journal()
  readonly authors: AuthorBook
  readonly learned: string[] = []
  verifyCount = 0
  readonly #signerOf: (member: TestMember) => MaybePromise<Signer>

  constructor(seed: string) {
    this.room = testRoom(seed)
    const { roomId, readKey } = this.room
    const random = seededRandom(seed)
    const keyring = {
      ...seededKeyring(random),
      verify: (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => {
        this.verifyCount++
        return testVerify(key, message, signature)
      },
    }
    const epochs = new EpochKeys(epochZeroKeyOf(readKey))
    this.seal = new EntrySeal({ roomId, cipher: seededCipher(random), keyring, random }, epochs)
    this.authors = new AuthorBook(
      roomId,
      testVerify,
      () => false,
      (author) => void this.learned.push(author),
    )
    this.#signerOf = ({ key }) => keyring.fromSeeds(key.seed, key.seed)
  }

  /** Seals the next entry of a log as its author would; does not store it. */
  async write(author: TestMember, text: string, fields: EntryFields = {}): Promise<WrittenEntry> {
    const doc = parseDocName(fields.doc ?? 'content/main') as DocName
    const session = sessionOf(fields.session ?? 1)
    const header = {
      doc,
      kind: 'live' as const,
      author: author.key.keyId,
      session,
      seq: fields.seq ?? 1,
      prev: fields.prev ?? FIRST_PREV,
      timeMs: fields.timeMs ?? WRITTEN_MS,
    }
    return this.seal.seal(header, new TextEncoder().encode(text), await this.#signerOf(author))
  }

  /** A chain of `count` entries of one log. */
  async writeLog(author: TestMember, count: number, fields: EntryFields = {}): Promise<WrittenEntry[]> {
    const written: WrittenEntry[] = []
    for (let seq = 1; seq <= count; seq++) {
      const prev = written.at(-1)?.hash ?? FIRST_PREV
      written.push(await this.write(author, `${seq}`, { ...fields, seq, prev }))
    }
    return written
  }

  /** Appends to this room's journal, or to another one, without asking anybody. */
  store(written: readonly WrittenEntry[], journal: Journal = this.journal): void {
    for (const { entry, hash } of written) journal.append(journal.logFor(entry), entry, hash)
  }
}

export function sessionOf(byte: number): SessionId {
  return sessionIdOf(Uint8Array.of(byte, 0, 0, 0, 0, 0, 0, 0))
}
