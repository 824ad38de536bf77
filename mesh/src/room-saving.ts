/** When what was written is safe, and with whom: storage, its flushes, and receipts both ways. */
import type { KeyId, LogKey } from '@parley/protocol'
import type { AuthorLog, EntryRecord } from './journal/author-log.ts'
import { FLUSH_MS, REDIAL_MAX_MS, WRITE_MS } from './limits.ts'
import type { Clock, Storage, Unsubscribe } from './ports.ts'

export interface SavingEvents {
  /** These logs are durable up to `seq`, and of every log what was stored before `order`. */
  durable(logs: ReadonlyMap<AuthorLog, number>, order: number): void
  failed(error: unknown): void
  changed(): void
}

export class RoomSaving {
  readonly #storage: Storage
  readonly #clock: Clock
  readonly #self: KeyId
  readonly #events: SavingEvents
  /** Logs with entries that were appended and are not durable yet. */
  #dirty = new Map<AuthorLog, number>()
  readonly #durable = new Map<LogKey, number>()
  /** Of the entry that comes next, as far as is known. */
  #nextOrder = 0
  #flushing: Promise<void> | null = null
  #timer: Unsubscribe | null = null
  #writeTimer: Unsubscribe | null = null
  readonly #unwritten: Uint8Array[] = []
  #failed = false
  /** Own logs: those of this run, and the latest one from before. */
  readonly #own = new Map<LogKey, AuthorLog>()
  #written = false
  readonly #receipts = new Map<KeyId, Map<LogKey, number>>()

  constructor(storage: Storage, clock: Clock, self: KeyId, events: SavingEvents) {
    this.#storage = storage
    this.#clock = clock
    this.#self = self
    this.#events = events
  }

  get facts(): { failed: boolean; pending: boolean; written: boolean; holders: number } {
    const pending = this.#dirty.size > 0 || this.#flushing !== null
    return { failed: this.#failed, pending, written: this.#written, holders: this.#holders() }
  }

  /** Those of this run, and the latest one from before. */
  get ownLogs(): readonly AuthorLog[] {
    return [...this.#own.values()]
  }

  /** `null` while it keeps nothing durably: such a device acknowledges nothing. */
  durableSeq(log: AuthorLog): number | null {
    return this.#storage.durability === 'disk' ? (this.#durable.get(log.key) ?? 0) : null
  }

  /** What storage held when the room was opened. */
  setLoaded(logs: Iterable<AuthorLog>): void {
    let latest: AuthorLog | null = null
    for (const log of logs) {
      this.#durable.set(log.key, log.stored)
      if (this.#isOwnWork(log) && log.lastTimeMs >= (latest?.lastTimeMs ?? 0)) latest = log
    }
    if (latest) this.#own.set(latest.key, latest)
    this.#written = latest !== null
  }

  stored(entries: readonly { readonly log: AuthorLog; readonly record: EntryRecord }[]): void {
    for (const { record } of entries) {
      this.#unwritten.push(record.bytes)
      this.#nextOrder = record.order + 1
    }
    for (const { log } of entries) {
      this.#dirty.set(log, log.stored)
      if (this.#isOwnWork(log)) {
        this.#own.set(log.key, log)
        this.#written = true
      }
    }
    if (entries.some(({ log }) => log.author === this.#self)) {
      this.#writeTimer ??= this.#clock.after(WRITE_MS, () => this.#write())
    }
    this.#timer ??= this.#clock.after(FLUSH_MS, () => void this.flush())
    this.#events.changed()
  }

  /** In the order in which they came: own entries never before what they build on. */
  #write(): void {
    this.#writeTimer?.()
    this.#writeTimer = null
    this.#storage.append(this.#unwritten.splice(0))
  }

  /** A name in the roster is not something that a person would miss. */
  #isOwnWork(log: AuthorLog): boolean {
    return log.author === this.#self && log.doc !== 'roster'
  }

  handleReceipt(from: KeyId, log: LogKey, seq: number): void {
    if (from === this.#self || !this.#own.has(log)) return
    const receipts = this.#receipts.get(from) ?? new Map<LogKey, number>()
    this.#receipts.set(from, receipts)
    if (seq <= (receipts.get(log) ?? 0)) return
    receipts.set(log, seq)
    this.#events.changed()
  }

  #holders(): number {
    const own = [...this.#own.values()]
    if (own.length === 0) return 0
    const holdsAll = (receipts: ReadonlyMap<LogKey, number>) =>
      own.every((log) => (receipts.get(log.key) ?? 0) >= log.stored)
    return [...this.#receipts.values()].filter(holdsAll).length
  }

  /** Resolves once everything stored so far is durable or has failed; one transaction at a time. */
  async flush(): Promise<void> {
    this.#timer?.()
    this.#timer = null
    while (this.#flushing) await this.#flushing
    if (this.#dirty.size === 0) return
    this.#flushing = this.#flushOnce().finally(() => {
      this.#flushing = null
      this.#events.changed()
    })
    await this.#flushing
  }

  async #flushOnce(): Promise<void> {
    const logs = this.#dirty
    const order = this.#nextOrder
    this.#dirty = new Map()
    this.#write()
    try {
      await this.#storage.flush()
    } catch (error) {
      for (const [log, seq] of logs) if (!this.#dirty.has(log)) this.#dirty.set(log, seq)
      if (!this.#failed) this.#events.failed(error)
      this.#failed = true
      this.#timer ??= this.#clock.after(REDIAL_MAX_MS, () => void this.flush())
      return
    }
    this.#failed = false
    for (const [log, seq] of logs) this.#durable.set(log.key, Math.max(seq, this.#durable.get(log.key) ?? 0))
    this.#events.durable(logs, order)
  }

  async close(): Promise<void> {
    await this.flush()
    this.#timer?.()
    await this.#storage.close()
  }
}
