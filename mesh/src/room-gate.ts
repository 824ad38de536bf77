/** The gate of the journal as a room has it: what it asks standing and links, and what follows for the link an entry came by. */
import { CLOSE, type CloseReason, type DocName, type KeyId } from '@parley/protocol'
import { Admission, type Admitted } from './journal/admission.ts'
import type { AuthorBook } from './journal/author-book.ts'
import type { EntryCheck } from './journal/blind-seal.ts'
import type { Journal } from './journal/journal.ts'
import type { Platform } from './ports.ts'
import type { RoomForks } from './room-forks.ts'
import type { LiveLink, RoomLinks } from './room-links.ts'
import type { RoomStanding } from './room-standing.ts'

export interface GateDeps {
  readonly platform: Pick<Platform, 'clock' | 'log'>
  readonly journal: Journal
  readonly authors: AuthorBook
  readonly seal: EntryCheck
  readonly standing: RoomStanding
  /** Made with the gate. */
  readonly links: () => RoomLinks
  readonly forks: () => RoomForks
  /** Whether entries of a document are to be opened at once. */
  readonly isOpen: (doc: DocName) => boolean
}

export interface GateEvents {
  /** In order; already part of the journal. */
  admitted(entries: readonly Admitted[]): void
  /** It signed what it must not; whoever carried it is innocent. */
  blamed(author: KeyId, reason: CloseReason, detail: string): void
}

export function makeGate(deps: GateDeps, events: GateEvents): Admission {
  const { platform, journal, authors, seal, standing, links, forks, isOpen } = deps
  return new Admission(
    {
      journal,
      authors,
      seal,
      nowMs: () => platform.clock.nowMs(),
      cutOf: standing.cutOf,
      hasLost: (entry, hash) => standing.hasLost(entry, entry.log, hash),
      isWanted: (from, entry) => links().sync.isWanted(from as LiveLink, entry),
      isOpen,
    },
    {
      admitted: (entries) => events.admitted(entries),
      duplicate: (from, source) => links().handleDuplicate(from as LiveLink, source),
      gap: (from, entry) => links().sync.missing(from as LiveLink, entry, seal.hash(entry)),
      fork: (from, log, entry) => forks().handleForked(from as LiveLink, log, entry),
      blameLink: (from, reason, detail) => (from as LiveLink).link.close(CLOSE[reason], detail),
      blameAuthor: (author, reason, detail) => events.blamed(author, reason, detail),
      dropped: (why) => platform.log('debug', 'entry-dropped', { why }),
      consumed: (from, bytes) => (from as LiveLink).link.consumed(bytes),
      wasted: (from, workMs) => links().wasted(from as LiveLink, workMs),
    },
  )
}
