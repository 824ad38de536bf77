/**
 * What lies beyond the cuts of logs: digests leave it out, though something that stands may have been built on it. Whoever
 * misses it asks for it by its client. Rules: docs/spec.md, MT7.
 */
import { clientIdOf, type DocName, type Head, type LogKey, type SeekFrame } from '@parley/protocol'
import type { DocumentSync } from './document/document-sync.ts'
import type { LogView } from './document/log-cursor.ts'
import type { Journal } from './journal/journal.ts'
import type { LiveLink, RoomLinks } from './room-links.ts'
import type { RoomStanding } from './room-standing.ts'

/** Unknown clients that are asked after in a second. */
const SEEKS_AT_ONCE = 16
/** Entries beyond a cut that are asked for at a time. */
const BEYOND_AT_ONCE = 64

export interface BeyondDeps {
  readonly journal: Journal
  readonly standing: Pick<RoomStanding, 'hasCuts'>
  readonly links: RoomLinks
  readonly documents: () => Iterable<{
    readonly name: DocName
    readonly sync: Pick<DocumentSync, 'missingClients'>
  }>
}

export class RoomBeyond {
  readonly #deps: BeyondDeps

  constructor(deps: BeyondDeps) {
    this.#deps = deps
  }

  /** Once a second, to everybody: whose entries are missed. */
  seekMissing(): void {
    const { standing, documents, links } = this.#deps
    if (!standing.hasCuts) return
    for (const { name, sync } of documents()) {
      for (const client of sync.missingClients.slice(0, SEEKS_AT_ONCE)) {
        links.broadcast({ type: 'seek', doc: name, client })
      }
    }
  }

  /** With all that is held of the log, whether it stands or not. */
  answer(live: LiveLink, { doc, client }: SeekFrame): void {
    const log = this.#deps.journal.logsOf(doc).find(({ clientId }) => clientId === client)
    const last = log?.factsAt(log.stored)
    if (!log || !last) return
    this.#deps.links.send(live, { type: 'ihave', heads: [{ ...log.head, seq: log.stored, hash: last.hash }] })
  }

  /** Whether something that stands waits for this log, cut as it may be. */
  isNeeded({ doc, author, session }: Head): boolean {
    const open = [...this.#deps.documents()].find(({ name }) => name === doc)
    return open?.sync.missingClients.includes(clientIdOf(author, session, doc)) ?? false
  }

  want(log: LogView): void {
    const stored = this.#deps.journal.log(log.key as LogKey)
    if (stored) this.#deps.links.sync.wantBeyond(stored, BEYOND_AT_ONCE)
  }
}
