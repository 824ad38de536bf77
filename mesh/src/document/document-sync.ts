/**
 * One Y.Doc and the journal: local changes become entries, entries become changes. The document is the fold of the
 * journal; applying entries as they come is an optimisation that must equal it, and `repair` makes it equal.
 */
import { type DocName, equalBytes, type KeyId, limits, type SessionId } from '@parley/protocol'
import * as Y from 'yjs'
import { ParleyError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import { DocumentApplier } from './document-applier.ts'
import { isDraftable } from './drafts.ts'
import type { FoldFault, FoldResult } from './fold.ts'
import { foldLogs } from './fold-logs.ts'
import { LocalWriter } from './local-writer.ts'
import type { LogView } from './log-cursor.ts'
import { ownParts } from './own-parts.ts'
import { readingDigestInSlices } from './reading-digest.ts'
import { applyRemote, REMOTE } from './remote-apply.ts'
import { ownFault } from './update-bytes.ts'
import { checkUpdate, type OwnClients } from './update-gate.ts'

/** A writing of this device in this document; its clientID follows from it. */
export interface OwnSession {
  readonly id: SessionId
  readonly clientId: number
}

export interface DraftPort {
  /** Something small was written: others may see it before it is an entry. Whether all who are linked do. */
  write(session: OwnSession, update: Uint8Array): boolean
  /** The author of a log whose draft was shown wrote something else. */
  broken(log: LogView): void
  /** Drafts of these authors were shown, and entries did not come. */
  late(authors: ReadonlySet<KeyId>): void
}

export interface DocumentSyncDeps {
  readonly name: DocName
  readonly writable: boolean
  /** The own key when its holder may add but not change what others wrote. */
  readonly restrictedAuthor?: string
  readonly clock: Clock
  readonly logs: () => readonly LogView[]
  readonly open: (log: LogView, seq: number, count: number) => Promise<readonly (Uint8Array | null)[]>
  /** Random and never stored: no reload, duplicated tab or copied profile continues a log. */
  readonly newSession: () => OwnSession
  /** Something was written here that is not an entry yet. */
  readonly onWriting: () => void
  /** Seals, stores and publishes the next entry of a session's log; returns that log. */
  readonly write: (session: OwnSession, update: Uint8Array) => Promise<LogView>
  readonly onRefused: (log: LogView, seq: number, fault: FoldFault) => void
  /** Something that stands builds on entries beyond this log's cut that are not stored here. */
  readonly onNeedsBeyond: (log: LogView) => void
  /** Judging and applying a part of this log took so much longer than it usually does. */
  readonly onWork?: (log: LogView, workMs: number) => void
  readonly onReplaced: () => void
  /** Left out where nobody is shown what is no entry yet. */
  readonly drafts?: DraftPort
  readonly onError: (error: ParleyError) => void
}

export class DocumentSync {
  readonly #deps: DocumentSyncDeps
  #session: OwnSession
  #applier: DocumentApplier
  #writer: LocalWriter
  /** What users see: the journal's own document for writers, a copy for everybody else. */
  #view: Y.Doc
  #rebuilding: Promise<boolean> | null = null
  /** Own updates since a rebuild began. */
  #sinceRebuild: Uint8Array[] = []
  /** A rebuild under way replaces the document, however it reads. */
  #mustReplace = false
  /** Cuts changed since a rebuild under way looked at them. */
  #cutsChanged = false
  /** The document holds something of ours that is no entry and never will be: what builds on it cannot be one. */
  #isAstray = false
  #lost: Uint8Array[] = []
  #closed = false
  readonly whenLoaded: Promise<void>

  constructor(deps: DocumentSyncDeps) {
    this.#deps = deps
    this.#session = deps.newSession()
    this.#writer = this.#makeWriter(this.#session)
    this.#applier = this.#makeApplier(new Y.Doc())
    this.#view = this.#attach(new Y.Doc())
    for (const log of deps.logs()) this.#applier.handleStored(log, log.seq, null)
    this.whenLoaded = this.#applier.settle()
  }

  get doc(): Y.Doc {
    return this.#view
  }

  get missingClients(): readonly number[] {
    return this.#applier.missingClients
  }

  get waitingCount(): number {
    return this.#applier.waitingCount
  }

  get isIdle(): boolean {
    const { isIdle, hasDrafts } = this.#applier
    return isIdle && !hasDrafts && this.#writer.isIdle && this.#rebuilding === null
  }

  /** Nothing that was written waits to become an entry. */
  get isSealed(): boolean {
    return this.#writer.isIdle
  }

  handleStored(log: LogView, seq: number, plaintext: Uint8Array | null): void {
    if (log.cut !== null) this.#cutsChanged = true
    this.#applier.handleStored(log, seq, plaintext)
  }

  /** `log` is `undefined` while nothing of it is stored. */
  handleDraft(client: number, author: KeyId, log: LogView | undefined, update: Uint8Array): void {
    if (!this.#rebuilding) this.#applier.handleDraft(client, author, log, update)
  }

  /** A key of another epoch came to be known. */
  handleKeys(): void {
    this.#applier.retrySealed()
  }

  /** The log's cut was set or lowered, or other entries came to stand in the place of stored ones. */
  handleCut(log: LogView): void {
    this.#cutsChanged = true
    this.#applier.handleCut(log)
    // What this session writes from now on would be beyond.
    if (log.clientId === this.#session.clientId) this.#rebuildSoon(true)
  }

  /** `null` when the document changed while it was being read. */
  reading(): Promise<Uint8Array | null> {
    return readingDigestInSlices(this.#applier.doc, () => this.#deps.clock.yieldToHost())
  }

  /** Everything written so far is an entry. */
  flush(): Promise<void> {
    return this.#writer.flush()
  }

  /** Entries of others say all that is shown, or it is given up. */
  async confirmed(): Promise<void> {
    for (let at = this.#applier; at === this.#applier && at.hasDrafts && !at.isStopped; )
      await at.draftsChanged()
  }

  /** Resolves once everything at hand is applied or waits, is written, and no rebuild is under way. */
  async settle(): Promise<void> {
    while (!this.isIdle) {
      await this.#applier.settle()
      await this.#writer.flush()
      await this.#rebuilding
      await this.confirmed()
    }
  }

  close(): void {
    this.#closed = true
    this.#applier.stop()
    this.#applier.doc.destroy()
    this.#view.destroy()
  }

  #makeWriter(session: OwnSession): LocalWriter {
    return new LocalWriter({
      clock: this.#deps.clock,
      fits: (merged) => ownFault(merged, session.clientId) === null,
      write: async (update) => {
        if (this.#applier.hasDrafts && !(await this.#outlastsDrafts(session, update))) return
        const log = await this.#deps.write(session, update)
        if (session !== this.#session) return
        this.#applier.setWritten(log, log.seq)
        if (!this.#applier.appliedBeyond(log)) return
        this.#lost.push(update)
        this.#rebuildSoon(true)
      },
      onError: (error, unwritten) => {
        this.#lost.push(...unwritten)
        this.#replaceWithout(asParleyError(error))
      },
    })
  }

  #makeApplier(doc: Y.Doc): DocumentApplier {
    return new DocumentApplier(doc, {
      clock: this.#deps.clock,
      open: this.#deps.open,
      onRefused: this.#deps.onRefused,
      onApplyThrew: (error) => this.#replaceWithout(asParleyError(error)),
      onNeedsBeyond: this.#deps.onNeedsBeyond,
      onStale: () => this.#rebuildSoon(true),
      onDraftBroken: (log) => {
        this.#deps.drafts?.broken(log)
        this.#rebuildSoon(true)
      },
      onDraftsLate: (authors) => {
        this.#deps.drafts?.late(authors)
        this.#rebuildSoon(true)
      },
      ...(this.#deps.onWork ? { onWork: this.#deps.onWork } : {}),
    })
  }

  /**
   * What builds on a draft waits for its entry. False when a rebuild came first and has told that it is lost; throws when
   * the entry did not come.
   */
  async #outlastsDrafts(session: OwnSession, update: Uint8Array): Promise<boolean> {
    const applier = this.#applier
    while (applier.buildsOnDrafts(update)) {
      if (session !== this.#session)
        return checkUpdate(this.#applier.doc, update, session.clientId).verdict === 'apply'
      if (applier.isStopped)
        throw new ParleyError('not-allowed', 'what it builds on was shown and never signed')
      await applier.draftsChanged()
    }
    return true
  }

  /** Starts following the applier's document; returns what users are to see. */
  #attach(mirror: Y.Doc): Y.Doc {
    const { doc } = this.#applier
    doc.clientID = this.#session.clientId
    doc.on('update', this.#onUpdate)
    if (this.#deps.writable) return doc
    doc.on('update', (update: Uint8Array) => applyRemote(mirror, update))
    return mirror
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown, doc: Y.Doc): void => {
    if (origin === REMOTE || this.#closed) return
    if (!this.#deps.writable) this.#rebuildSoon(false)
    else if (this.#isAstray) this.#lost.push(update)
    else if (doc.clientID !== this.#session.clientId)
      this.#replaceWithout(new ParleyError('not-allowed', 'the clientID of a shared document was changed'))
    else this.#write(doc, update)
  }

  #write(doc: Y.Doc, update: Uint8Array): void {
    const isShown = this.#draft(update)
    const own = ownParts(doc, update, this.#session.clientId, this.#ownClients())
    if ('parts' in own) {
      if (this.#rebuilding) this.#sinceRebuild.push(...own.parts)
      const wasIdle = this.#writer.isIdle
      this.#writer.push(own.parts, isShown)
      if (wasIdle) this.#deps.onWriting()
    } else if ('tooLarge' in own) {
      const message = `a single value over ${limits.UPDATE_CUT_BYTES} bytes`
      this.#replaceWithout(new ParleyError('value-too-large', message, { kept: own.tooLarge }))
    } else {
      const message = `a change that everybody would refuse: ${own.fault}`
      this.#replaceWithout(new ParleyError('not-allowed', message, { kept: update }))
    }
  }

  /** Before anything else, since somebody waits for it: readers judge it themselves. Whether all who are linked have it. */
  #draft(update: Uint8Array): boolean {
    const { drafts, restrictedAuthor } = this.#deps
    if (!drafts || restrictedAuthor !== undefined || !isDraftable(update)) return false
    return drafts.write(this.#session, update)
  }

  #ownClients(): OwnClients | undefined {
    const author = this.#deps.restrictedAuthor
    if (author === undefined) return undefined
    const isOwn = (client: number) =>
      this.#deps.logs().some((log) => log.clientId === client && log.author === author)
    return { isOwn }
  }

  /** Puts the document back as the journal has it; when a binding of ours threw, nobody is blamed. */
  #replaceWithout(error: ParleyError): void {
    this.#isAstray = true
    this.#deps.onError(error)
    this.#rebuildSoon(true)
  }

  #rebuildSoon(force: boolean): void {
    this.rebuild(force).catch((error: unknown) => this.#deps.onError(asParleyError(error)))
  }

  /**
   * Folds the journal into a fresh document and replaces the live one where they read differently, or always with
   * `force`. Resolves to whether it was replaced.
   */
  rebuild(force = false): Promise<boolean> {
    this.#mustReplace ||= force
    this.#rebuilding ??= this.#rebuild()
    return this.#rebuilding
  }

  async #rebuild(): Promise<boolean> {
    try {
      do await this.#writer.flush()
      while (!this.#writer.isIdle)
      this.#sinceRebuild = []
      for (;;) {
        this.#cutsChanged = false
        const logs = [...this.#deps.logs()]
        const yieldToHost = () => this.#deps.clock.yieldToHost()
        const folded = await foldLogs(logs, {
          open: this.#deps.open,
          yieldToHost,
          mirrored: !this.#deps.writable,
        })
        const isSame = !this.#mustReplace && (await this.#readsLike(folded.doc))
        if (this.#closed) return false
        if (this.#cutsChanged) continue
        if (isSame && !this.#mustReplace) return false
        this.#replace(folded, logs)
        return true
      }
    } finally {
      this.#rebuilding = null
      this.#mustReplace = false
      this.#sinceRebuild = []
    }
  }

  /** A document that is being written meanwhile is left alone: it will be compared again. */
  async #readsLike(doc: Y.Doc): Promise<boolean> {
    const folded = await readingDigestInSlices(doc, () => this.#deps.clock.yieldToHost())
    const live = await this.reading()
    return live === null || this.#applier.hasDrafts || (folded !== null && equalBytes(folded, live))
  }

  #replace(folded: FoldResult, logs: readonly LogView[]): void {
    this.#applier.stop()
    this.#applier.doc.off('update', this.#onUpdate)
    this.#reapply(folded.doc)
    this.#session = this.#deps.newSession()
    this.#writer = this.#makeWriter(this.#session)
    this.#applier = this.#makeApplier(folded.doc)
    for (const [i, log] of logs.entries()) {
      const refused = folded.refused.some((refusal) => refusal.log === i)
      this.#applier.setApplied(log, {
        applied: folded.applied[i] ?? 0,
        blanked: folded.blanked[i] ?? 0,
        refused,
      })
    }
    const oldView = this.#view
    this.#view = this.#attach(folded.mirror ?? new Y.Doc())
    for (const log of this.#deps.logs()) this.#applier.handleStored(log, log.seq, null)
    this.#deps.onReplaced()
    oldView.destroy()
    this.#tellThrown(folded, logs)
  }

  /** At what Yjs throws without any observer its author is to blame; what the gate refuses the applier has told. */
  #tellThrown({ refused }: FoldResult, logs: readonly LogView[]): void {
    for (const { log, update, fault } of refused) {
      const view = logs[log]
      if (view && fault === 'apply-threw') this.#deps.onRefused(view, update + 1, fault)
    }
  }

  /** What was written while the journal was folded is on its way into a log, unless that log is cut by now. */
  #reapply(doc: Y.Doc): void {
    const { clientId } = this.#session
    const isCut = this.#deps.logs().some((log) => log.clientId === clientId && log.cut !== null)
    const lost: Uint8Array[] = []
    for (const update of this.#sinceRebuild) {
      if (!isCut && checkUpdate(doc, update, clientId).verdict === 'apply') applyRemote(doc, update)
      else lost.push(update)
    }
    lost.push(...this.#lost)
    this.#isAstray = false
    this.#lost = []
    if (lost.length === 0) return
    const message = 'what was written last, or what it builds on, does not stand'
    this.#deps.onError(new ParleyError('not-allowed', message, { kept: lost }))
  }
}

function asParleyError(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error
  return new ParleyError('storage-failed', 'a change could not be applied or written', { cause: error })
}
