/**
 * Applies the entries of all logs to one Y.Doc as they come; what depends on something missing waits here by name, so
 * that nothing ever enters Yjs's own pending store. What a cut leaves beyond it is applied blanked, and only as far as
 * something that stands builds on it. Rules: docs/spec.md, GT and ST.
 */
import type { KeyId } from '@parley/protocol'
import type * as Y from 'yjs'
import { APPLY_SLICE_MS, DRAFT_KEPT_MS, ENTRY_APPLY_MS } from '../limits.ts'
import type { Clock, Unsubscribe } from '../ports.ts'
import { ApplySlices, headOf } from './apply-slices.ts'
import { blankUpdate } from './blank-update.ts'
import { Drafts, isDraftable } from './drafts.ts'
import { type LogCursor, type LogView, standingOf } from './log-cursor.ts'
import { LogCursors } from './log-cursors.ts'
import { applyRemote } from './remote-apply.ts'
import { type ClockOf, checkBlanked, checkUpdate, type GateFault } from './update-gate.ts'
import { nextClockOf } from './yjs-internals.ts'

export interface ApplierDeps {
  readonly clock: Clock
  /** Plaintexts of up to `count` entries from `seq` on, in order; a `null` ends it (sealed under an unknown key). */
  readonly open: (log: LogView, seq: number, count: number) => Promise<readonly (Uint8Array | null)[]>
  readonly onRefused: (log: LogView, seq: number, fault: GateFault) => void
  /** `applyUpdate` threw: the document may be half changed. */
  readonly onApplyThrew: (error: unknown) => void
  /** Something that stands builds on entries beyond this log's cut that are not stored here. */
  readonly onNeedsBeyond: (log: LogView) => void
  /** Something was applied that no longer stands as it was: the document has to be rebuilt. */
  readonly onStale: () => void
  /** An entry says something else than was drafted for its log: likewise. */
  readonly onDraftBroken: (log: LogView) => void
  /** Entries that were drafted did not come: likewise. */
  readonly onDraftsLate: (authors: ReadonlySet<KeyId>) => void
  /** Judging and applying a part of this log took so much longer than it usually does. */
  readonly onWork?: (log: LogView, workMs: number) => void
}

/** Where a log is after a fold. */
export interface AppliedCounts {
  readonly applied: number
  /** The last so many of them are blanked. */
  readonly blanked: number
  readonly refused: boolean
}

/** An entry between its first and its last slice, as it was when that began. */
interface SlicedEntry {
  readonly slices: ApplySlices
  readonly isBeyond: boolean
  readonly hash: Uint8Array | undefined
}

/** Entries opened at a time when none are at hand. */
const OPEN_AHEAD = 32

export class DocumentApplier {
  readonly doc: Y.Doc
  readonly #deps: ApplierDeps
  readonly #cursors = new LogCursors()
  readonly #ready: LogCursor[] = []
  /** What was told to be needed: once for a clock, and again when what came was not enough. */
  readonly #told = new Map<LogCursor, string>()
  #running: Promise<void> | null = null
  #stopped = false
  #sliceStartMs = 0
  /** What is left of updates that are being applied. */
  readonly #sliced = new Map<LogCursor, SlicedEntry>()
  readonly #drafts = new Drafts()
  #cancelLate: Unsubscribe | null = null

  constructor(doc: Y.Doc, deps: ApplierDeps) {
    this.doc = doc
    this.#deps = deps
  }

  setApplied(log: LogView, { applied, blanked, refused }: AppliedCounts): void {
    const cursor = this.#cursors.of(log)
    while (cursor.applied < applied) cursor.advance(cursor.applied >= applied - blanked)
    if (refused) cursor.refuse()
  }

  /** The structs of own entries are in the document already. */
  setWritten(log: LogView, seq: number): void {
    this.setApplied(log, { applied: seq, blanked: 0, refused: false })
  }

  /** Something beyond the cut was applied in full. */
  appliedBeyond(log: LogView): boolean {
    const { appliedInFull } = this.#cursors.of(log)
    return appliedInFull > standingOf(log, appliedInFull)
  }

  get waitingCount(): number {
    return this.#cursors.waitingCount
  }

  /** Yjs clients whose entries something here waits for. */
  get missingClients(): readonly number[] {
    return this.#cursors.missingClients
  }

  /** Nothing more to do with what is stored. */
  get isIdle(): boolean {
    return this.#running === null
  }

  /** `log` has grown; `plaintext` is that of entry `seq`, if it is at hand. */
  handleStored(log: LogView, seq: number, plaintext: Uint8Array | null): void {
    const cursor = this.#cursors.of(log)
    if (plaintext) cursor.offer(seq, plaintext)
    // Behind a cut an entry may have come between others.
    if (log.cut !== null) this.handleCut(log)
    else if (cursor.state.name === 'running') this.#schedule([cursor])
  }

  /** The log's cut was set or lowered, or other entries came to stand in the place of stored ones. */
  handleCut(log: LogView): void {
    const cursor = this.#cursors.of(log)
    // What it waited for was perhaps applied, blanked, for its sake alone.
    const blankedInVain = cursor.hasWaitedInVain && this.#cursors.hasBlanked
    if (this.#drafts.has(log.clientId)) return this.#giveUp(() => this.#deps.onStale())
    if (this.appliedBeyond(log) || cursor.isReplaced || blankedInVain) this.#deps.onStale()
    if (cursor.state.name === 'refused' && cursor.isBeyond) cursor.state = { name: 'running' }
    this.#schedule([...this.#cursors.wakeAll(), cursor])
  }

  /** Keys came to be known. */
  retrySealed(): void {
    this.#schedule(this.#cursors.unsealed())
  }

  /** Resolves once everything stored so far was applied, waits, or was refused. */
  async settle(): Promise<void> {
    while (this.#running) await this.#running
  }

  stop(): void {
    this.#stopped = true
    this.#ready.length = 0
    this.#cancelLate?.()
    this.#drafts.wake()
  }

  get isStopped(): boolean {
    return this.#stopped
  }

  // --- drafts

  get hasDrafts(): boolean {
    return !this.#drafts.isEmpty
  }

  /** Resolves when a draft was confirmed, or all were given up. */
  draftsChanged(): Promise<void> {
    return this.#stopped ? Promise.resolve() : this.#drafts.changed()
  }

  /** Whether others could not apply an own update before entries of others have come. */
  buildsOnDrafts(update: Uint8Array): boolean {
    if (this.#drafts.isEmpty) return false
    return checkUpdate(this.doc, update, this.doc.clientID, undefined, this.#clockOf).verdict === 'wait'
  }

  /**
   * Shows what the author of a log has just written, if that is the next thing in it and costs little; otherwise its entry
   * will. `log` is `undefined` when nothing of it is stored.
   */
  handleDraft(client: number, author: KeyId, log: LogView | undefined, update: Uint8Array): void {
    if (this.#stopped || this.#running || this.#drafts.isFull) return
    if (log ? !this.#isCurrent(log, client) : this.#cursors.ofClient(client) !== undefined) return
    const from = nextClockOf(this.doc, client)
    if (checkUpdate(this.doc, update, client).verdict !== 'apply') return
    if (!isDraftable(update) || headOf(update).clock !== from) return
    if (!this.#applyAtOnce(update)) return
    const [to, shownAtMs] = [nextClockOf(this.doc, client), this.#deps.clock.nowMs()]
    this.#drafts.add(client, author, { update, from, to, shownAtMs })
    if (!this.#cancelLate) this.#watchDrafts(shownAtMs)
  }

  #watchDrafts(oldestMs: number): void {
    const { clock, onDraftsLate } = this.#deps
    this.#cancelLate = clock.after(oldestMs + DRAFT_KEPT_MS - clock.nowMs(), () => {
      this.#cancelLate = null
      const late = this.#drafts.authorsUntil(clock.nowMs() - DRAFT_KEPT_MS)
      if (late.size > 0) return this.#giveUp(() => onDraftsLate(late))
      const { oldestMs } = this.#drafts
      if (oldestMs !== null) this.#watchDrafts(oldestMs)
    })
  }

  /** The document shows what nobody has signed: it is of no more use. */
  #giveUp(tell: () => void): void {
    this.stop()
    tell()
  }

  /** All that is stored of the log is applied, and whatever it says next will be, as it is. */
  #isCurrent(log: LogView, client: number): boolean {
    const cursor = this.#cursors.of(log)
    const { state, applied } = cursor
    if (this.#cursors.ofClient(client) !== cursor) return false
    return state.name === 'running' && applied === log.seq && log.cut === null && !log.restricted
  }

  /** As entries have it, the same for everybody. */
  readonly #clockOf: ClockOf = (doc, client) => this.#drafts.clockOf(client) ?? nextClockOf(doc, client)

  /** False when all of the entry is in the document already. */
  #isNews(log: LogView, update: Uint8Array): boolean {
    if (this.#drafts.isEmpty) return true
    const verdict = this.#drafts.take(log.clientId, update)
    if (verdict === 'broken') this.#giveUp(() => this.#deps.onDraftBroken(log))
    return verdict !== 'same'
  }

  #schedule(cursors: readonly LogCursor[]): void {
    if (this.#stopped || cursors.length === 0) return
    this.#ready.push(...cursors)
    this.#running ??= this.#loop()
  }

  /** Starts at once, in the caller's turn: a keystroke that is at hand is applied before anything else happens. */
  async #loop(): Promise<void> {
    do {
      this.#sliceStartMs = this.#deps.clock.nowMs()
      for (let cursor = this.#ready.shift(); cursor && !this.#stopped; cursor = this.#ready.shift())
        await this.#run(cursor)
    } while (this.#ready.length > 0 && !this.#stopped)
    this.#running = null
  }

  async #run(cursor: LogCursor): Promise<void> {
    while (!this.#stopped && (this.#sliced.has(cursor) || this.#hasNext(cursor))) {
      if (!this.#sliced.has(cursor) && !cursor.peek()) {
        // What is stored may have changed meanwhile.
        if (!(await this.#fetch(cursor))) break
        continue
      }
      if (!this.#stepTimed(cursor)) break
      if (!this.#sliced.has(cursor) && this.#deps.clock.nowMs() - this.#sliceStartMs < APPLY_SLICE_MS)
        continue
      await this.#deps.clock.yieldToHost()
      this.#sliceStartMs = this.#deps.clock.nowMs()
      // Each log in its turn: what takes long holds up its own author alone.
      if (this.#ready.length > 0) return void this.#ready.push(cursor)
    }
    this.#tellNeeded(cursor)
  }

  #stepTimed(cursor: LogCursor): boolean {
    const startMs = this.#deps.clock.nowMs()
    const sliced = this.#sliced.get(cursor)
    const goesOn = sliced ? this.#applySlice(cursor, sliced) : this.#step(cursor)
    const workMs = this.#deps.clock.nowMs() - startMs - (sliced ? 0 : ENTRY_APPLY_MS)
    if (workMs > 0) this.#deps.onWork?.(cursor.log, workMs)
    return goesOn
  }

  #hasNext(cursor: LogCursor): boolean {
    return cursor.hasNext || (cursor.hasNextBeyond && this.#cursors.neededClock(cursor) !== null)
  }

  /** False when the next entry cannot be opened. */
  async #fetch(cursor: LogCursor): Promise<boolean> {
    const first = cursor.applied + 1
    const count = Math.min(OPEN_AHEAD, cursor.log.seq - cursor.applied)
    const hashes = Array.from({ length: count }, (_, i) => cursor.hashAt(first + i))
    const plaintexts = await this.#deps.open(cursor.log, first, count)
    for (const [i, plaintext] of plaintexts.entries()) {
      if (plaintext === null) break
      cursor.offer(first + i, plaintext, hashes[i])
    }
    if (cursor.peek() || cursor.applied >= first || hashes[0] !== cursor.hashAt(first)) return true
    cursor.state = { name: 'sealed' }
    return false
  }

  /** Deals with the next entry of a log; false when that log cannot go on. */
  #step(cursor: LogCursor): boolean {
    const update = cursor.peek()
    if (!update) return false
    const { log, isBeyond } = cursor
    const check = isBeyond ? checkBlanked : checkUpdate
    const verdict = check(this.doc, update, log.clientId, this.#cursors.ownOf(log), this.#clockOf)
    switch (verdict.verdict) {
      case 'wait':
        this.#cursors.wait(cursor, verdict.missing)
        this.#lookBeyond(verdict.missing.client)
        return false
      case 'refuse':
        cursor.refuse()
        this.#deps.onRefused(log, cursor.applied + 1, verdict.fault)
        if (this.#drafts.has(log.clientId)) this.#giveUp(() => this.#deps.onStale())
        return false
      case 'apply':
        if (!isBeyond && !this.#isNews(log, update)) {
          this.#advance(cursor, false)
          return true
        }
        return this.#apply(
          cursor,
          isBeyond ? blankUpdate(update, nextClockOf(this.doc, log.clientId)) : update,
        )
    }
  }

  #apply(cursor: LogCursor, update: Uint8Array): boolean {
    const slices = ApplySlices.of(this.doc, update)
    const { isBeyond } = cursor
    if (slices) return this.#applySlice(cursor, { slices, isBeyond, hash: cursor.hashAt(cursor.applied + 1) })
    if (!this.#applyAtOnce(update)) return false
    this.#advance(cursor, isBeyond)
    return true
  }

  /** The first in the turn in which the update came, the others in turns of their own. */
  #applySlice(cursor: LogCursor, sliced: SlicedEntry): boolean {
    const { slices, isBeyond, hash } = sliced
    if (!this.#applyAtOnce(slices.next())) return false
    if (!slices.isDone) {
      this.#sliced.set(cursor, sliced)
      return true
    }
    this.#sliced.delete(cursor)
    const isReplaced = cursor.hashAt(cursor.applied + 1) !== hash
    this.#advance(cursor, isBeyond)
    // A cut may have come between two slices.
    if (isReplaced || this.appliedBeyond(cursor.log)) this.#deps.onStale()
    return true
  }

  #applyAtOnce(update: Uint8Array): boolean {
    try {
      applyRemote(this.doc, update)
    } catch (error) {
      this.stop()
      this.#deps.onApplyThrew(error)
      return false
    }
    return true
  }

  #advance(cursor: LogCursor, blanked: boolean): void {
    cursor.advance(blanked)
    this.#ready.push(...this.#cursors.wake(cursor.log.clientId))
  }

  /** A log that stands no further may have to give more to whoever has begun to wait for it. */
  #lookBeyond(client: number): void {
    const cursor = this.#cursors.ofClient(client)
    if (cursor?.isBeyond && cursor.state.name !== 'waiting') this.#ready.push(cursor)
  }

  #tellNeeded(cursor: LogCursor): void {
    const { log } = cursor
    if (this.#stopped || !cursor.isBeyond || cursor.applied < log.seq || cursor.state.name === 'refused')
      return
    const clock = this.#cursors.neededClock(cursor)
    if (clock === null) return
    const need = `${clock} ${log.seq}`
    if (this.#told.get(cursor) === need) return
    this.#told.set(cursor, need)
    this.#deps.onNeedsBeyond(log)
  }
}
