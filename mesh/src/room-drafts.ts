/** Drafts on their way from a link to the document: whose they are is what the link has proven. Rules: docs/spec.md, DR. */
import {
  clientIdOf,
  type DocName,
  type DraftFrame,
  type KeyId,
  logKeyOf,
  mayWrite,
  type Role,
} from '@parley/protocol'
import type { DocumentSync } from './document/document-sync.ts'
import type { Journal } from './journal/journal.ts'
import { ENTRY_APPLY_MS, REFUSED_KEY_MS } from './limits.ts'

export interface RoomDraftsDeps {
  readonly nowMs: () => number
  readonly journal: Journal
  /** Of all grants of a key that hold now. */
  readonly rolesOf: (key: KeyId) => readonly Role[]
  /** `undefined` when the document is not open. */
  readonly documentOf: (doc: DocName) => DocumentSync | undefined
  /** It has shown what it may not write. */
  readonly onForbidden: (key: KeyId, doc: DocName) => void
  /** Judging and showing one took so much longer than it usually does. */
  readonly onWork: (key: KeyId, workMs: number) => void
}

export class RoomDrafts {
  readonly #deps: RoomDraftsDeps
  /** Keys whose entries did not follow once: their drafts are left out for a while. */
  readonly #ignoredUntilMs = new Map<KeyId, number>()

  constructor(deps: RoomDraftsDeps) {
    this.#deps = deps
  }

  handle(author: KeyId, { doc, session, update }: DraftFrame): void {
    const roles = this.#deps.rolesOf(author).filter((role) => mayWrite(role, doc))
    if (roles.length === 0) return this.#deps.onForbidden(author, doc)
    // A commenter's update is judged by whose work it touches, which entries say.
    if (roles.every((role) => role === 'commenter') || this.#isIgnored(author)) return
    const log = this.#deps.journal.log(logKeyOf(doc, author, session))
    const client = log?.clientId ?? clientIdOf(author, session, doc)
    const startMs = this.#deps.nowMs()
    this.#deps.documentOf(doc)?.handleDraft(client, author, log, update.slice())
    const workMs = this.#deps.nowMs() - startMs - ENTRY_APPLY_MS
    if (workMs > 0) this.#deps.onWork(author, workMs)
  }

  handleLate(authors: ReadonlySet<KeyId>): void {
    for (const author of authors) this.#ignoredUntilMs.set(author, this.#deps.nowMs() + REFUSED_KEY_MS)
  }

  #isIgnored(author: KeyId): boolean {
    return this.#deps.nowMs() < (this.#ignoredUntilMs.get(author) ?? 0)
  }
}
