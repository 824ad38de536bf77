/**
 * Storage with an archive for whoever opens a room that may be large. Where storage has none of its own, entries are held in
 * memory: right for tests and for what keeps rooms as long as the process runs.
 */
import { equalBytes } from '@parley/protocol'
import { ParleyError } from './errors.ts'
import type {
  DescribeEntry,
  EntryArchive,
  EntryFacts,
  Storage,
  StoredLog,
  StoredRange,
  StoredRoom,
} from './ports.ts'

export type ArchivedStorage = Storage & Required<Pick<Storage, 'records' | 'archive'>>

export function archivedStorage(storage: Storage): ArchivedStorage {
  return hasArchive(storage) ? storage : new MemoryArchived(storage)
}

function hasArchive(storage: Storage): storage is ArchivedStorage {
  return storage.archive !== undefined && storage.records !== undefined
}

class MemoryArchived implements ArchivedStorage {
  readonly #storage: Storage
  readonly #archives: MemoryArchive[] = []
  /** Appended, not known to be durable. */
  #waiting: Uint8Array[] = []

  constructor(storage: Storage) {
    this.#storage = storage
  }

  get durability(): 'disk' | 'memory' {
    return this.#storage.durability
  }

  load(): Promise<StoredRoom> {
    return this.#storage.load()
  }

  append(entries: readonly Uint8Array[]): void {
    this.#waiting.push(...entries.map((entry) => entry.slice()))
    this.#storage.append(entries)
  }

  put(key: string, value: unknown): Promise<void> {
    return this.#storage.put(key, value)
  }

  async flush(): Promise<void> {
    const count = this.#waiting.length
    await this.#storage.flush()
    const durable = this.#waiting.splice(0, count)
    for (const archive of this.#archives) for (const entry of durable) archive.take(entry)
  }

  async close(): Promise<void> {
    await this.#storage.close()
    for (const archive of this.#archives.splice(0)) archive.close()
  }

  async records(): Promise<ReadonlyMap<string, unknown>> {
    return (await this.#storage.load()).records
  }

  async archive(describe: DescribeEntry): Promise<EntryArchive> {
    await this.flush()
    const archive = new MemoryArchive(describe)
    for (const entry of (await this.#storage.load()).entries) archive.take(entry)
    this.#archives.push(archive)
    return archive
  }
}

interface Held extends EntryFacts {
  readonly bytes: Uint8Array
  /** Place among all that was stored. */
  readonly order: number
}

class MemoryArchive implements EntryArchive {
  readonly #describe: DescribeEntry
  readonly #logs = new Map<string, Held[]>()
  #count = 0
  #isClosed = false

  constructor(describe: DescribeEntry) {
    this.#describe = describe
  }

  take(bytes: Uint8Array): void {
    const facts = this.#describe(bytes)
    if (!facts) return
    const held = this.#logs.get(facts.log) ?? []
    this.#logs.set(facts.log, held)
    const there = held[facts.seq - 1]
    if (facts.seq > held.length + 1 || (there && equalBytes(there.hash, facts.hash))) return
    const before = held[facts.seq - 2]
    if (before && !equalBytes(before.hash, facts.prev)) return
    held.length = facts.seq - 1
    held.push({ ...facts, bytes, order: this.#count++ })
  }

  async *logs(): AsyncGenerator<StoredLog, void, undefined> {
    for (const [log, held] of this.#logs) {
      const last = held.at(-1)
      if (!last) continue
      const byteCount = held.reduce((sum, { bytes }) => sum + bytes.length, 0)
      yield { log, seq: held.length, hash: last.hash, timeMs: last.timeMs, byteCount }
    }
  }

  async facts(log: string, seq: number): Promise<Pick<EntryFacts, 'hash' | 'timeMs'> | null> {
    this.#assertOpen()
    return this.#logs.get(log)?.[seq - 1] ?? null
  }

  async *read(ranges: readonly StoredRange[]): AsyncGenerator<Uint8Array, void, undefined> {
    this.#assertOpen()
    const held = ranges.flatMap(({ log, from, to }) => this.#logs.get(log)?.slice(from - 1, to) ?? [])
    for (const { bytes } of held.sort((a, b) => a.order - b.order)) yield bytes
  }

  close(): void {
    this.#isClosed = true
    this.#logs.clear()
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ParleyError('closed', 'this storage was closed')
  }

  giveUp(log: string, seq: number): void {
    this.#logs.get(log)?.splice(seq - 1)
  }
}
