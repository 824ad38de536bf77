/**
 * One Y.Doc and the journal: local changes become entries, entries become changes. The document is the fold of the
 * journal; applying entries as they come is an optimisation that must equal it, and `repair` makes it equal.
 */
import { type DocName, equalBytes, limits, type SessionId } from '@parley/protocol'
import * as Y from 'yjs'
import { ParleyError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import { DocumentApplier } from './document-applier.ts'
import { foldDocument } from './fold.ts'
import { LocalWriter } from './local-writer.ts'
import type { LogView } from './log-cursor.ts'
import { readingDigestInSlices } from './reading-digest.ts'
import { applyRemote, REMOTE } from './remote-apply.ts'
import { splitUpdate } from './split-update.ts'
import type { GateFault } from './update-gate.ts'

/** A writing of this device in this document; its clientID follows from it. */
export interface OwnSession {
  readonly id: SessionId
  readonly clientId: number
}

export interface DocumentSyncDeps {
  readonly name: DocName
  readonly writable: boolean
  readonly clock: Clock
  readonly logs: () => readonly LogView[]
  readonly open: (log: LogView, seq: number, count: number) => Promise<readonly (Uint8Array | null)[]>
  /** Random and never stored: no reload, duplicated tab or copied profile continues a log. */
  readonly newSession: () => OwnSession
  /** Seals, stores and publishes the next entry of a session's log; returns that log. */
  readonly write: (session: OwnSession, update: Uint8Array) => Promise<LogView>
  readonly onRefused: (log: LogView, seq: number, fault: GateFault) => void
  readonly onReplaced: () => void
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
  #closed = false
  readonly whenLoaded: Promise<void>

  constructor(deps: DocumentSyncDeps) {
    this.#deps = deps
    this.#session = deps.newSession()
    this.#writer = this.#makeWriter(this.#session)
    this.#applier = this.#makeApplier(new Y.Doc())
    this.#view = this.#attach()
    for (const log of deps.logs()) this.#applier.handleStored(log, log.seq, null)
    this.whenLoaded = this.#applier.settle()
  }

  get doc(): Y.Doc {
    return this.#view
  }

  get waitingCount(): number {
    return this.#applier.waitingCount
  }

  get isIdle(): boolean {
    return this.#applier.isIdle && this.#writer.isIdle && this.#rebuilding === null
  }

  /** Nothing that was written waits to become an entry. */
  get isSealed(): boolean {
    return this.#writer.isIdle
  }

  handleStored(log: LogView, seq: number, plaintext: Uint8Array | null): void {
    this.#applier.handleStored(log, seq, plaintext)
  }

  /** `null` when the document changed while it was being read. */
  reading(): Promise<Uint8Array | null> {
    return readingDigestInSlices(this.#applier.doc, () => this.#deps.clock.yieldToHost())
  }

  /** Everything written so far is an entry. */
  flush(): Promise<void> {
    return this.#writer.flush()
  }

  async settle(): Promise<void> {
    await this.#applier.settle()
    await this.#writer.flush()
  }

  close(): void {
    this.#closed = true
    this.#applier.stop()
    this.#applier.doc.destroy()
    this.#view.destroy()
  }

  #makeWriter(session: OwnSession): LocalWriter {
    return new LocalWriter({
      write: async (update) => {
        const log = await this.#deps.write(session, update)
        if (session === this.#session) this.#applier.setApplied(log, log.seq)
      },
      onError: (error) => this.#replaceWithout(asParleyError(error)),
    })
  }

  #makeApplier(doc: Y.Doc): DocumentApplier {
    return new DocumentApplier(doc, {
      clock: this.#deps.clock,
      open: this.#deps.open,
      onRefused: this.#deps.onRefused,
      onApplyThrew: (error) => void this.#recover(error),
    })
  }

  /** Starts following the applier's document; returns what users are to see. */
  #attach(): Y.Doc {
    const { doc } = this.#applier
    doc.clientID = this.#session.clientId
    doc.on('update', this.#onUpdate)
    if (this.#deps.writable) return doc
    const mirror = new Y.Doc()
    applyRemote(mirror, Y.encodeStateAsUpdate(doc))
    doc.on('update', (update: Uint8Array) => applyRemote(mirror, update))
    return mirror
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown, doc: Y.Doc): void => {
    if (origin === REMOTE || this.#closed) return
    if (!this.#deps.writable) {
      void this.rebuild()
      return
    }
    if (doc.clientID !== this.#session.clientId) {
      this.#replaceWithout(new ParleyError('not-allowed', 'the clientID of a shared document was changed'))
      return
    }
    this.#write(update)
  }

  #write(update: Uint8Array): void {
    const split: ReturnType<typeof splitUpdate> =
      update.length > limits.UPDATE_CUT_BYTES
        ? splitUpdate(update, limits.UPDATE_CUT_BYTES)
        : { parts: [update] }
    if ('tooLarge' in split) {
      const message = `a single value over ${limits.UPDATE_CUT_BYTES} bytes`
      this.#replaceWithout(new ParleyError('value-too-large', message, { kept: split.tooLarge }))
      return
    }
    if (this.#rebuilding) this.#sinceRebuild.push(update)
    this.#writer.push(split.parts)
  }

  /** Puts the document back as the journal has it. */
  #replaceWithout(error: ParleyError): void {
    this.#writer.drop()
    this.#deps.onError(error)
    void this.rebuild(true)
  }

  /** Our own binding may have thrown: the journal says what the document is, nobody is blamed. */
  async #recover(error: unknown): Promise<void> {
    this.#deps.onError(asParleyError(error))
    await this.rebuild(true)
  }

  /**
   * Folds the journal into a fresh document and replaces the live one where they read differently, or always with
   * `force`. Resolves to whether it was replaced.
   */
  rebuild(force = false): Promise<boolean> {
    this.#rebuilding ??= this.#rebuild(force).finally(() => {
      this.#rebuilding = null
      this.#sinceRebuild = []
    })
    return this.#rebuilding
  }

  async #rebuild(force: boolean): Promise<boolean> {
    await this.#writer.flush()
    this.#sinceRebuild = []
    const logs = this.#deps.logs().map((log) => ({ log, count: log.seq }))
    const folded = await foldDocument(await this.#openAll(logs), () => this.#deps.clock.yieldToHost())
    if (this.#closed || (!force && (await this.#readsLike(folded.doc)))) return false
    this.#replace(folded.doc, logs, folded)
    return true
  }

  /** A document that is being written meanwhile is left alone: it will be compared again. */
  async #readsLike(doc: Y.Doc): Promise<boolean> {
    const folded = await readingDigestInSlices(doc, () => this.#deps.clock.yieldToHost())
    const live = await this.reading()
    return live === null || (folded !== null && equalBytes(folded, live))
  }

  async #openAll(
    logs: readonly { log: LogView; count: number }[],
  ): Promise<Parameters<typeof foldDocument>[0]> {
    return Promise.all(
      logs.map(async ({ log, count }) => {
        const opened = await this.#deps.open(log, 1, count)
        const end = opened.indexOf(null)
        const updates = (end < 0 ? opened : opened.slice(0, end)).filter((update) => update !== null)
        return { hash: log.hash, clientId: log.clientId, updates }
      }),
    )
  }

  #replace(
    doc: Y.Doc,
    logs: readonly { log: LogView; count: number }[],
    folded: Awaited<ReturnType<typeof foldDocument>>,
  ): void {
    this.#applier.stop()
    this.#applier.doc.off('update', this.#onUpdate)
    for (const update of this.#sinceRebuild) applyRemote(doc, update)
    this.#session = this.#deps.newSession()
    this.#writer = this.#makeWriter(this.#session)
    this.#applier = this.#makeApplier(doc)
    for (const [i, { log }] of logs.entries()) {
      const cut = folded.refused.some((refusal) => refusal.log === i)
      this.#applier.setApplied(log, folded.applied[i] ?? 0, cut)
    }
    const oldView = this.#view
    this.#view = this.#attach()
    for (const log of this.#deps.logs()) this.#applier.handleStored(log, log.seq, null)
    this.#deps.onReplaced()
    oldView.destroy()
  }
}

function asParleyError(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error
  return new ParleyError('storage-failed', 'a change could not be applied or written', { cause: error })
}
