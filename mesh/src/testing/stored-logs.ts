/** Logs as a document sees them, filled and cut by a test; plaintexts stand for sealed entries. */
import { parseDocName, sessionIdOf } from '@parley/protocol'
import type * as Y from 'yjs'
import { DocumentSync, type DocumentSyncDeps } from '../document/document-sync.ts'
import type { LogView } from '../document/log-cursor.ts'

interface StoredEntry {
  readonly hash: Uint8Array
  readonly update: Uint8Array
}

export class StoredLog implements LogView {
  readonly key: string
  readonly hash: Uint8Array
  readonly clientId: number
  readonly author: string
  readonly restricted: boolean
  cut: number | null = null
  readonly #entries: StoredEntry[] = []

  constructor(rank: number, clientId: number, author = `author ${clientId}`, restricted = false) {
    this.key = `log ${clientId}`
    this.hash = new Uint8Array(32).fill(rank & 255)
    this.clientId = clientId
    this.author = author
    this.restricted = restricted
  }

  get seq(): number {
    return this.#entries.length
  }

  record(seq: number): StoredEntry | undefined {
    return this.#entries[seq - 1]
  }

  append(update: Uint8Array): void {
    this.#entries.push({ hash: Uint8Array.of(this.seq + 1), update })
  }

  /** Other entries come to stand from `seq` on, of which there may be less. */
  replace(seq: number, updates: readonly Uint8Array[]): void {
    this.#entries.length = seq - 1
    for (const update of updates) this.append(update)
  }

  open(seq: number, count: number): Uint8Array[] {
    return this.#entries.slice(seq - 1, seq - 1 + count).map(({ update }) => update)
  }
}

export async function openStored(log: LogView, seq: number, count: number): Promise<Uint8Array[]> {
  if (!(log instanceof StoredLog)) throw new Error('not a log of this test')
  return log.open(seq, count)
}

const NO_WAIT = { nowMs: () => 0, after: () => () => undefined, yieldToHost: () => Promise.resolve() }

/** A document over such logs, and what became of it. */
export class StoredDocument {
  readonly sync: DocumentSync
  readonly errors: unknown[] = []
  readonly refused: string[] = []
  /** Logs that were asked for entries beyond their cut. */
  readonly needed: LogView[] = []
  replacedCount = 0

  constructor(logs: readonly StoredLog[], deps: Partial<DocumentSyncDeps> = {}) {
    const name = parseDocName('chat')
    if (name === null) throw new Error('a document has a name')
    this.sync = new DocumentSync({
      name,
      writable: false,
      clock: NO_WAIT,
      logs: () => logs,
      open: openStored,
      newSession: () => ({ id: sessionIdOf(new Uint8Array(8)), clientId: 2 ** 50 }),
      write: () => Promise.reject(new Error('this document is read alone')),
      onWriting: () => undefined,
      onRefused: (log, seq, fault) => this.refused.push(`${log.author} ${seq} ${fault}`),
      onNeedsBeyond: (log) => this.needed.push(log),
      onReplaced: () => this.replacedCount++,
      onError: (error) => this.errors.push(error),
      ...deps,
    })
  }

  get doc(): Y.Doc {
    return this.sync.doc
  }

  /** What the log has as its last entry has just come. */
  stored(log: StoredLog): void {
    this.sync.handleStored(log, log.seq, log.open(log.seq, 1)[0] ?? null)
  }

  cut(log: StoredLog, seq: number): void {
    log.cut = seq
    this.sync.handleCut(log)
  }

  async reading(): Promise<string> {
    await this.sync.settle()
    const reading = await this.sync.reading()
    if (reading === null) throw new Error('nobody writes here')
    return Buffer.from(reading).toString('hex')
  }
}
