/** All logs of a room, in memory. Storage and links carry the same bytes. */
import type { DocName, LogKey, LogName, Range, SealedEntry } from '@parley/protocol'
import { AuthorLog, type EntryRecord } from './author-log.ts'
import { Heads } from './heads.ts'

export class Journal {
  readonly #logs = new Map<LogKey, AuthorLog>()
  readonly #byDoc = new Map<DocName, AuthorLog[]>()
  #count = 0
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
    return this.#logs.get(name.log) ?? new AuthorLog(name)
  }

  get entryCount(): number {
    return this.#count
  }

  /** Entries of these ranges in the order in which they were stored here. */
  inRanges(ranges: readonly Range[]): EntryRecord[] {
    const records = ranges.flatMap((range) => {
      const log = this.#logs.get(range.log)
      const to = Math.min(range.to, log?.stored ?? 0)
      return Array.from({ length: Math.max(0, to - range.from + 1) }, (_, i) => log?.record(range.from + i))
    })
    return records.filter((record) => record !== undefined).sort((a, b) => a.order - b.order)
  }

  append(log: AuthorLog, entry: SealedEntry, hash: Uint8Array): EntryRecord {
    if (!this.#logs.has(log.key)) {
      this.#logs.set(log.key, log)
      const ofDoc = this.#byDoc.get(log.doc)
      if (ofDoc) ofDoc.push(log)
      else this.#byDoc.set(log.doc, [log])
    }
    const record = log.append(entry, hash, this.#count++)
    this.heads.changed(log)
    return record
  }
}
