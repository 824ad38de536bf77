/** All logs of a room, in memory. Storage and links carry the same bytes. */
import type { DocName, LogKey, LogName, Range, SealedEntry } from '@parley/protocol'
import { AuthorLog, type EntryRecord } from './author-log.ts'
import type { DeepEntries } from './deep-entries.ts'
import { Heads } from './heads.ts'

export class Journal {
  readonly #logs = new Map<LogKey, AuthorLog>()
  readonly #byDoc = new Map<DocName, AuthorLog[]>()
  #count = 0
  #deep: DeepEntries | null = null
  readonly heads: Heads = new Heads()

  log(key: LogKey): AuthorLog | undefined {
    return this.#logs.get(key)
  }

  logsOf(doc: DocName): readonly AuthorLog[] {
    return this.#byDoc.get(doc) ?? []
  }

  logs(): IterableIterator<AuthorLog> {
    return this.#logs.values()
  }

  /** An empty log becomes part of the journal with its first entry only. */
  logFor(name: LogName & { readonly log: LogKey }): AuthorLog {
    return this.#logs.get(name.log) ?? new AuthorLog(name, this.#deep)
  }

  get entryCount(): number {
    return this.#count
  }

  /** Entries of these ranges in the order in which they were stored here, of those that are in memory. */
  inRanges(ranges: readonly Range[]): EntryRecord[] {
    const records = ranges.flatMap((range) => {
      const log = this.#logs.get(range.log)
      const to = Math.min(range.to, log?.stored ?? 0)
      const from = Math.max(range.from, (log?.deepCount ?? 0) + 1)
      return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => log?.record(from + i))
    })
    return records.filter((record) => record !== undefined).sort((a, b) => a.order - b.order)
  }

  /** From now on entries may lie there instead of in memory. */
  lieIn(deep: DeepEntries): void {
    this.#deep = deep
  }

  /** A log that storage has, none of it in memory. */
  restore(name: LogName & { readonly log: LogKey }, stored: Parameters<AuthorLog['restore']>[0]): void {
    const log = this.logFor(name)
    log.restore(stored)
    this.#count += stored.seq
    this.#add(log)
    this.heads.changed(log)
  }

  /** The bytes of entries in the order in which they were stored here. Rejects as storage does. */
  async *entriesIn(ranges: readonly Range[]): AsyncGenerator<Uint8Array, void, undefined> {
    const inMemory = this.inRanges(ranges)
    if (this.#deep) {
      const stored = ranges.flatMap((range) => this.#deepPart(range))
      if (stored.length > 0) yield* this.#deep.read(stored)
    }
    for (const { bytes } of inMemory) yield bytes
  }

  #deepPart({ log: key, from, to }: Range): { log: LogKey; from: number; to: number }[] {
    const deepTo = Math.min(to, this.#logs.get(key)?.deepCount ?? 0)
    return from <= deepTo ? [{ log: key, from, to: deepTo }] : []
  }

  #add(log: AuthorLog): void {
    if (this.#logs.has(log.key)) return
    this.#logs.set(log.key, log)
    const ofDoc = this.#byDoc.get(log.doc)
    if (ofDoc) ofDoc.push(log)
    else this.#byDoc.set(log.doc, [log])
  }

  append(log: AuthorLog, entry: SealedEntry, hash: Uint8Array): EntryRecord {
    this.#add(log)
    const record = log.append(entry, hash, this.#count++)
    this.heads.changed(log)
    return record
  }
}
