/** What was written when and by whom, and documents as they were at any moment. Rules: docs/spec.md, HI. */
import type { DocName, KeyId, LogKey } from '@parley/protocol'
import { parseDocName } from '@parley/protocol'
import type * as Y from 'yjs'
import type { DocumentHeads, HistoryEntry, HistoryOptions, Moment } from './api.ts'
import { type Change, changesInOrder } from './document/change-order.ts'
import { foldLogs } from './document/fold-logs.ts'
import type { LogView } from './document/log-cursor.ts'
import { ParleyError } from './errors.ts'
import type { AuthorLog } from './journal/author-log.ts'
import type { Journal } from './journal/journal.ts'
import type { Clock } from './ports.ts'

/** What a history is made from. */
export interface HistoryDeps {
  readonly journal: Journal
  readonly clock: Clock
  readonly nameOf: (key: KeyId) => string | null
  readonly open: (log: LogView, seq: number, count: number) => Promise<readonly (Uint8Array | null)[]>
}

const PAGE_ENTRIES = 100
/** A pause this long begins another moment… */
const PAUSE_MS = 5 * 60_000
/** …and so does writing on for this long. */
const MOMENT_MS = 30 * 60_000

const NO_DOCUMENTS: ReadonlySet<string> = new Set(['meta', 'roster'])

export class RoomHistory {
  readonly #deps: HistoryDeps

  constructor(deps: HistoryDeps) {
    this.#deps = deps
  }

  /** Documents that something was written into. */
  documents(): DocName[] {
    return documentNames(this.#deps.journal)
  }

  /** The latest first. */
  entries(options: HistoryOptions = {}): HistoryEntry[] {
    const { before, limit = PAGE_ENTRIES } = options
    const names = options.document === undefined ? this.documents() : [documentName(options.document)]
    const all = names
      .flatMap((name) => this.#deps.journal.logsOf(name))
      .flatMap((log) => this.#entriesOf(log))
    const page = before ? all.filter((entry) => isBefore(entry, before)) : all
    return page.sort((a, b) => (isBefore(a, b) ? 1 : -1)).slice(0, limit)
  }

  #entriesOf(log: AuthorLog): HistoryEntry[] {
    const { doc, author, key } = log
    const name = this.#deps.nameOf(author) ?? ''
    return Array.from({ length: log.standing }, (_, i) => log.record(i + 1)).flatMap((record) =>
      record
        ? [
            {
              document: doc,
              author,
              name,
              timeMs: record.timeMs,
              log: key,
              seq: record.seq,
              sizeBytes: record.bytes.length,
            },
          ]
        : [],
    )
  }

  /** The latest first. */
  async moments(document: string): Promise<Moment[]> {
    const logs = [...this.#deps.journal.logsOf(documentName(document))]
    const standing = logs.map((log) => ({ log, count: log.standing }))
    const opened = await Promise.all(standing.map(({ log, count }) => this.#deps.open(log, 1, count)))
    const changes = await changesInOrder(
      standing.map(({ log }, i) => ({
        clientId: log.clientId,
        updates: opened[i] ?? [],
        timeMs: (seq) => log.record(seq)?.timeMs ?? 0,
      })),
      () => this.#deps.clock.yieldToHost(),
    )
    return this.#grouped(logs, changes).reverse()
  }

  #grouped(logs: readonly AuthorLog[], changes: readonly Change[]): Moment[] {
    const heads = new Map<LogKey, number>()
    const groups: { changes: Change[]; author: KeyId; before: DocumentHeads; after: DocumentHeads }[] = []
    for (const change of changes) {
      const log = logs[change.log]
      if (!log) continue
      const { author, key } = log
      const last = groups.at(-1)
      if (last?.author === author && goesOn(last.changes, change)) last.changes.push(change)
      else {
        const before = new Map(heads)
        if (last) last.after = before
        groups.push({ changes: [change], author, before, after: heads })
      }
      heads.set(key, change.seq)
    }
    return groups.map(({ changes: written, author, before, after }) => ({
      author,
      name: this.#deps.nameOf(author) ?? '',
      fromMs: written[0]?.timeMs ?? 0,
      toMs: written.at(-1)?.timeMs ?? 0,
      entryCount: written.length,
      insertedCount: sum(written.map(({ insertedCount }) => insertedCount)),
      deletedCount: sum(written.map(({ deletedCount }) => deletedCount)),
      before,
      after,
    }))
  }

  /** A document of its own, to be destroyed by whoever asked. `at`: heads, or Unix time in milliseconds by authors' clocks. */
  async documentAt(document: string, at: DocumentHeads | number): Promise<Y.Doc> {
    const logs = this.#deps.journal.logsOf(documentName(document)).map((log) => viewAt(log, at))
    const yieldToHost = () => this.#deps.clock.yieldToHost()
    return (await foldLogs(logs, { open: this.#deps.open, yieldToHost })).doc
  }
}

/** Documents that something was written into. */
export function documentNames(journal: Journal): DocName[] {
  const names = new Set([...journal.logs()].map(({ doc }) => doc))
  return [...names].filter((name) => !NO_DOCUMENTS.has(name)).sort()
}

function documentName(text: string): DocName {
  const name = parseDocName(text)
  if (!name || NO_DOCUMENTS.has(name))
    throw new ParleyError('not-allowed', `not the name of a document: ${text}`)
  return name
}

function isBefore(a: HistoryEntry, b: HistoryEntry): boolean {
  if (a.timeMs !== b.timeMs) return a.timeMs < b.timeMs
  if (a.log !== b.log) return a.log < b.log
  return a.seq < b.seq
}

function goesOn(changes: readonly Change[], { timeMs }: Change): boolean {
  const [first, last] = [changes[0], changes.at(-1)]
  return (
    first !== undefined &&
    last !== undefined &&
    timeMs - last.timeMs < PAUSE_MS &&
    timeMs - first.timeMs < MOMENT_MS
  )
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}

/** What is beyond a cut comes with all that stands before it: something that stands may build on it. */
function countAt(log: AuthorLog, heads: DocumentHeads): number {
  const wanted = heads.get(log.key) ?? 0
  return wanted >= log.standing ? log.seq : wanted
}

/** A log as far as it reached then; what stands is what stands now. */
function viewAt(log: AuthorLog, at: DocumentHeads | number): LogView {
  const { key, hash, clientId, author, cut, restricted } = log
  const seq = typeof at === 'number' ? countUntil(log, at) : countAt(log, at)
  return { key, hash, clientId, author, cut, restricted, seq, record: (each) => log.record(each) }
}

/** Time does not run back within a log. */
function countUntil(log: AuthorLog, timeMs: number): number {
  let [low, high] = [0, log.seq]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((log.record(middle)?.timeMs ?? Number.POSITIVE_INFINITY) <= timeMs) low = middle
    else high = middle - 1
  }
  return low
}
