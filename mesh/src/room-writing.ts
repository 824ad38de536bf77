/** What this device writes: each update sealed and signed as the next entry of a log of its own. Rules: docs/spec.md, EN. */
import { clientIdOf, type DocName, type KeyId, keyIdOf, logKeyOf, sessionIdOf } from '@parley/protocol'
import type { OwnSession } from './document/document-sync.ts'
import type { AuthorLog, EntryRecord } from './journal/author-log.ts'
import type { EntrySeal } from './journal/entry-seal.ts'
import type { Journal } from './journal/journal.ts'
import type { Clock, Random, Signer } from './ports.ts'

export interface WritingDeps {
  readonly self: KeyId
  readonly signer: Signer
  readonly clock: Pick<Clock, 'nowMs'>
  readonly random: Random
  readonly journal: Journal
  readonly seal: Pick<EntrySeal, 'seal'>
  /** It is part of the journal. */
  readonly written: (log: AuthorLog, record: EntryRecord) => void
}

export class RoomWriting {
  readonly #deps: WritingDeps

  constructor(deps: WritingDeps) {
    this.#deps = deps
  }

  newSession(doc: DocName): OwnSession {
    const id = sessionIdOf(this.#deps.random.bytes(8))
    return { id, clientId: clientIdOf(this.#deps.self, id, doc) }
  }

  /** An entry in a session of its own. */
  writeAlone(doc: DocName, content: Uint8Array, signer?: Signer): Promise<AuthorLog> {
    return this.write(doc, this.newSession(doc), content, signer)
  }

  /** The next entry of a session, one at a time. Returns its log. */
  async write(
    doc: DocName,
    { id: session }: OwnSession,
    update: Uint8Array,
    signer: Signer = this.#deps.signer,
  ): Promise<AuthorLog> {
    const { journal, seal, clock, written } = this.#deps
    const author = keyIdOf(signer.publicKey)
    const log = journal.logFor({ doc, author, session, log: logKeyOf(doc, author, session) })
    const header = {
      doc,
      kind: 'live' as const,
      author,
      session,
      seq: log.stored + 1,
      prev: log.headHash,
      timeMs: Math.max(log.lastTimeMs, Math.floor(clock.nowMs())),
    }
    const { entry, hash } = await seal.seal(header, update, signer)
    const record = journal.append(log, entry, hash)
    written(log, record)
    return log
  }
}
