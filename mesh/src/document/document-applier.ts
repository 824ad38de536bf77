/**
 * Applies the entries of all logs to one Y.Doc as they come; what depends on something missing waits here by name, so
 * that nothing ever enters Yjs's own pending store. Rules: docs/spec.md, GT.
 */
import type * as Y from 'yjs'
import { APPLY_SLICE_MS } from '../limits.ts'
import type { Clock } from '../ports.ts'
import { type Dependency, LogCursor, type LogView } from './log-cursor.ts'
import { applyRemote } from './remote-apply.ts'
import { checkUpdate, type GateFault } from './update-gate.ts'

export interface ApplierDeps {
  readonly clock: Clock
  /** Plaintexts of up to `count` entries from `seq` on, in order; a `null` ends it (sealed under an unknown key). */
  readonly open: (log: LogView, seq: number, count: number) => Promise<readonly (Uint8Array | null)[]>
  readonly onRefused: (log: LogView, seq: number, fault: GateFault) => void
  /** `applyUpdate` threw: the document may be half changed. */
  readonly onApplyThrew: (error: unknown) => void
}

/** Entries opened at a time when none are at hand. */
const OPEN_AHEAD = 32

export class DocumentApplier {
  readonly doc: Y.Doc
  readonly #deps: ApplierDeps
  readonly #cursors = new Map<string, LogCursor>()
  /** Logs by the client that their next entry waits for. */
  readonly #waiting = new Map<number, Set<LogCursor>>()
  readonly #ready: LogCursor[] = []
  #running: Promise<void> | null = null
  #stopped = false
  #sliceStartMs = 0

  constructor(doc: Y.Doc, deps: ApplierDeps) {
    this.doc = doc
    this.#deps = deps
  }

  /** Where each log is after a fold, or after own entries whose structs are in the document already. */
  setApplied(log: LogView, applied: number, cut = false): void {
    const cursor = this.#cursor(log)
    while (cursor.applied < applied) cursor.advance()
    if (cut) cursor.cut()
  }

  get waitingCount(): number {
    let count = 0
    for (const cursors of this.#waiting.values()) count += cursors.size
    return count
  }

  /** Nothing more to do with what is stored. */
  get isIdle(): boolean {
    return this.#running === null
  }

  /** `log` has grown; `plaintext` is that of entry `seq`, if it is at hand. */
  handleStored(log: LogView, seq: number, plaintext: Uint8Array | null): void {
    const cursor = this.#cursor(log)
    if (plaintext) cursor.offer(seq, plaintext)
    if (cursor.state.name === 'running') this.#schedule(cursor)
  }

  /** Resolves once everything stored so far was applied, waits, or was refused. */
  async settle(): Promise<void> {
    while (this.#running) await this.#running
  }

  stop(): void {
    this.#stopped = true
    this.#ready.length = 0
  }

  #cursor(log: LogView): LogCursor {
    let cursor = this.#cursors.get(log.key)
    if (!cursor) {
      cursor = new LogCursor(log)
      this.#cursors.set(log.key, cursor)
    }
    return cursor
  }

  #schedule(cursor: LogCursor): void {
    this.#ready.push(cursor)
    this.#running ??= this.#loop()
  }

  /** Starts at once, in the caller's turn: a keystroke that is at hand is applied before anything else happens. */
  async #loop(): Promise<void> {
    do {
      this.#sliceStartMs = this.#deps.clock.nowMs()
      await this.#run()
    } while (this.#ready.length > 0 && !this.#stopped)
    this.#running = null
  }

  async #run(): Promise<void> {
    for (let cursor = this.#ready.shift(); cursor && !this.#stopped; cursor = this.#ready.shift()) {
      while (cursor.hasNext && !this.#stopped) {
        if (!cursor.peek()) await this.#fetch(cursor)
        if (this.#stopped || !this.#step(cursor)) break
        if (this.#deps.clock.nowMs() - this.#sliceStartMs >= APPLY_SLICE_MS) {
          await this.#deps.clock.yieldToHost()
          this.#sliceStartMs = this.#deps.clock.nowMs()
        }
      }
    }
  }

  async #fetch(cursor: LogCursor): Promise<void> {
    const first = cursor.applied + 1
    const count = Math.min(OPEN_AHEAD, cursor.log.seq - cursor.applied)
    const plaintexts = await this.#deps.open(cursor.log, first, count)
    for (const [i, plaintext] of plaintexts.entries()) {
      if (plaintext === null) break
      cursor.offer(first + i, plaintext)
    }
  }

  /** Deals with the next entry of a log; false when that log cannot go on. */
  #step(cursor: LogCursor): boolean {
    const update = cursor.peek()
    if (!update) {
      cursor.state = { name: 'sealed' }
      return false
    }
    const verdict = checkUpdate(this.doc, update, cursor.log.clientId)
    switch (verdict.verdict) {
      case 'wait':
        this.#wait(cursor, verdict.missing)
        return false
      case 'refuse':
        cursor.cut()
        this.#deps.onRefused(cursor.log, cursor.applied + 1, verdict.fault)
        return false
      case 'apply':
        return this.#apply(cursor, update)
    }
  }

  #apply(cursor: LogCursor, update: Uint8Array): boolean {
    try {
      applyRemote(this.doc, update)
    } catch (error) {
      this.stop()
      this.#deps.onApplyThrew(error)
      return false
    }
    cursor.advance()
    this.#wake(cursor.log.clientId)
    return true
  }

  #wait(cursor: LogCursor, missing: Dependency): void {
    cursor.state = { name: 'waiting', missing }
    const waiting = this.#waiting.get(missing.client)
    if (waiting) waiting.add(cursor)
    else this.#waiting.set(missing.client, new Set([cursor]))
  }

  /** Logs that waited for this client look again. */
  #wake(client: number): void {
    const waiting = this.#waiting.get(client)
    if (!waiting) return
    this.#waiting.delete(client)
    for (const cursor of waiting) {
      cursor.state = { name: 'running' }
      this.#ready.push(cursor)
    }
  }
}
