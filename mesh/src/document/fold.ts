/**
 * The canonical fold: a document as a function of its logs and of nothing else. Whatever order entries arrived in, who
 * rebuilds from the same logs reads the same. Order: repeatedly, of the logs whose next standing update misses nothing,
 * the one with the lowest hash. When there is none, of the logs that others wait for and that have more beyond their cut,
 * the one with the lowest hash gives its next update, blanked; what nobody waits for stays out.
 */
import { compareLogHashes } from '@parley/protocol'
import * as Y from 'yjs'
import { ApplySlices } from './apply-slices.ts'
import { blankUpdate } from './blank-update.ts'
import { FoldQueue } from './fold-queue.ts'
import { applyRemote, inRemoteTransaction } from './remote-apply.ts'
import { checkBlanked, checkUpdate, type GateFault, type OwnClients } from './update-gate.ts'
import { nextClockOf } from './yjs-internals.ts'

export interface FoldLog {
  /** SHA-256(doc ‖ author ‖ session), 32 bytes. */
  readonly hash: Uint8Array
  readonly clientId: number
  /** Decrypted V1 updates, seq ascending from 1. */
  readonly updates: readonly Uint8Array[]
  /** How many of the updates stand; those behind are beyond a cut. */
  readonly standing: number
  /** Set when the log's author may not change what others wrote. */
  readonly own?: OwnClients | undefined
}

export type FoldFault =
  | GateFault
  /** Yjs threw at it in a document that nobody observes. */
  | 'apply-threw'
  /** A log with a lower hash has this clientID. */
  | 'client-taken'

export interface FoldRefusal {
  /** Index into the logs as they were given. */
  readonly log: number
  /** Index into that log's updates: it and all after it do not stand. */
  readonly update: number
  readonly fault: FoldFault
}

export interface FoldResult {
  /** Collects garbage; its clientID is random. */
  readonly doc: Y.Doc
  /** A copy, made on the way and so in the same small slices, where one was asked for. */
  readonly mirror: Y.Doc | null
  /** Per log as given: how many of its updates are in `doc`. What is neither in nor refused waits for others. */
  readonly applied: readonly number[]
  /** Per log as given: how many of those that are in `doc` are blanked, the last ones. */
  readonly blanked: readonly number[]
  readonly refused: readonly FoldRefusal[]
}

/** Work between two turns of the host, in bytes; an update costs {@link UPDATE_COST_BYTES} on top of its size. */
const SLICE_BYTES = 64 * 1024
/** Checking and applying a keystroke's 20 bytes takes as long as so much text. */
const UPDATE_COST_BYTES = 128
/** Every transaction costs something for each client of the document. */
const TRANSACTION_UPDATES = 512

interface Cursor {
  readonly log: FoldLog
  /** Index into the logs as given. */
  readonly given: number
  next: number
  /** The next update waits for another log. */
  isWaiting: boolean
}

/** `current`: what was being applied when something threw. */
class ApplyThrew extends Error {
  override readonly name = 'ApplyThrew'
  readonly current: { readonly log: number; readonly update: number } | null

  constructor(current: ApplyThrew['current'], cause: unknown) {
    super('an update that passed the gate threw', { cause })
    this.current = current
  }
}

class FoldRun {
  readonly doc = new Y.Doc()
  readonly #cursors: readonly Cursor[]
  readonly #refused: Map<number, FoldRefusal>
  readonly #transactionUpdates: number
  readonly #queue = new FoldQueue()
  /** Of logs with one clientID the first. */
  readonly #rankOfClient = new Map<number, number>()
  #current: ApplyThrew['current'] = null
  /** An update that is partly applied. */
  #sliced: { readonly rank: number; readonly cursor: Cursor; readonly slices: ApplySlices } | null = null

  readonly mirror: Y.Doc | null
  readonly #follow: (update: Uint8Array) => void

  constructor(
    logs: readonly FoldLog[],
    refused: Map<number, FoldRefusal>,
    transactionUpdates: number,
    mirrored: boolean,
  ) {
    const mirror = mirrored ? new Y.Doc() : null
    this.mirror = mirror
    this.#follow = mirror ? (update) => applyRemote(mirror, update) : () => undefined
    this.doc.on('update', this.#follow)
    this.#refused = refused
    this.#transactionUpdates = transactionUpdates
    this.#cursors = canonicalOrder(logs).map(({ log, given }) => {
      return { log, given, next: 0, isWaiting: false }
    })
    for (const [rank, cursor] of this.#cursors.entries()) {
      this.#queue.ready(rank)
      const { clientId } = cursor.log
      if (!this.#rankOfClient.has(clientId)) this.#rankOfClient.set(clientId, rank)
    }
  }

  /** Until the slice is used up. False when nothing is left that could be applied. Throws {@link ApplyThrew}. */
  slice(): boolean {
    let leftBytes = SLICE_BYTES
    try {
      if (this.#sliced) {
        const { rank, cursor, slices } = this.#sliced
        inRemoteTransaction(this.doc, (apply) => this.#applySlice(rank, cursor, slices, apply))
        return this.#hasWork
      }
      while (leftBytes > 0 && this.#hasWork)
        inRemoteTransaction(this.doc, (apply) => {
          for (let i = 0; i < this.#transactionUpdates && leftBytes > 0; i++) {
            leftBytes -= this.#step(apply)
            if (this.#sliced) leftBytes = 0
          }
        })
    } catch (error) {
      throw new ApplyThrew(this.#current, error)
    }
    return this.#hasWork
  }

  finish(): Pick<FoldResult, 'doc' | 'mirror'> {
    this.doc.off('update', this.#follow)
    return { doc: this.doc, mirror: this.mirror }
  }

  /** Per log as given. */
  applied(): number[] {
    return this.#perLog(({ next }) => next)
  }

  blanked(): number[] {
    return this.#perLog(({ next, log }) => Math.max(0, next - log.standing))
  }

  #perLog(count: (cursor: Cursor) => number): number[] {
    const counts = new Array<number>(this.#cursors.length).fill(0)
    for (const cursor of this.#cursors) counts[cursor.given] = count(cursor)
    return counts
  }

  get #hasWork(): boolean {
    return this.#sliced !== null || !this.#queue.isIdle || this.#neededRank() !== null
  }

  /** The lowest rank of those that others wait for and that could give a blanked update. */
  #neededRank(): number | null {
    let lowest: number | null = null
    for (const client of this.#queue.waitedFor()) {
      const rank = this.#rankOfClient.get(client)
      const cursor = rank === undefined ? undefined : this.#cursors[rank]
      if (rank === undefined || cursor === undefined || cursor.isWaiting) continue
      const hasMore = cursor.next >= cursor.log.standing && cursor.next < this.#endOf(cursor)
      if (hasMore && (lowest === null || rank < lowest)) lowest = rank
    }
    return lowest
  }

  #endOf({ given, log }: Cursor): number {
    return this.#refused.get(given)?.update ?? log.updates.length
  }

  /** Looks at one update; returns what that cost. */
  #step(apply: (update: Uint8Array) => void): number {
    const ready = this.#queue.take()
    const rank = ready ?? this.#neededRank()
    const cursor = rank === null ? undefined : this.#cursors[rank]
    if (rank === null || cursor === undefined) return SLICE_BYTES
    cursor.isWaiting = false
    const isBeyond = cursor.next >= cursor.log.standing
    const update = cursor.next < this.#endOf(cursor) ? cursor.log.updates[cursor.next] : undefined
    // What is beyond comes when nothing that stands can, even if it is ready now.
    if (update === undefined || (isBeyond && ready !== null)) return 0
    this.#look(rank, cursor, update, apply)
    return update.length + UPDATE_COST_BYTES
  }

  #look(rank: number, cursor: Cursor, update: Uint8Array, apply: (update: Uint8Array) => void): void {
    const { clientId, own, standing } = cursor.log
    const isBeyond = cursor.next >= standing
    this.#current = { log: cursor.given, update: cursor.next }
    const verdict = (isBeyond ? checkBlanked : checkUpdate)(this.doc, update, clientId, own)
    if (verdict.verdict === 'wait') {
      this.#queue.wait(rank, verdict.missing)
      cursor.isWaiting = true
    } else if (verdict.verdict === 'refuse')
      this.#refused.set(cursor.given, { ...this.#current, fault: verdict.fault })
    else {
      const whole = isBeyond ? blankUpdate(update, nextClockOf(this.doc, clientId)) : update
      const slices = ApplySlices.of(this.doc, whole)
      if (slices) return this.#applySlice(rank, cursor, slices, apply)
      apply(whole)
      this.#applied(rank, cursor)
    }
  }

  /** Nothing else is looked at before the last slice is in. */
  #applySlice(rank: number, cursor: Cursor, slices: ApplySlices, apply: (update: Uint8Array) => void): void {
    this.#sliced = { rank, cursor, slices }
    apply(slices.next())
    if (!slices.isDone) return
    this.#sliced = null
    this.#applied(rank, cursor)
  }

  #applied(rank: number, cursor: Cursor): void {
    const { clientId } = cursor.log
    cursor.next++
    this.#queue.ready(rank)
    this.#queue.reached(clientId, nextClockOf(this.doc, clientId))
  }
}

function canonicalOrder(logs: readonly FoldLog[]): { log: FoldLog; given: number }[] {
  return logs.map((log, given) => ({ log, given })).sort((a, b) => compareLogHashes(a.log.hash, b.log.hash))
}

/** Of logs with one clientID the lowest hash stands; two contents under the same ids would part the readers. */
function refuseTaken(logs: readonly FoldLog[]): Map<number, FoldRefusal> {
  const refused = new Map<number, FoldRefusal>()
  const taken = new Set<number>()
  for (const { log, given } of canonicalOrder(logs)) {
    if (taken.has(log.clientId)) refused.set(given, { log: given, update: 0, fault: 'client-taken' })
    taken.add(log.clientId)
  }
  return refused
}

/**
 * Refusals cut a log where they are; other logs go on. When Yjs throws, the document is thrown away and folded again
 * without the culprit. Rejects only when Yjs throws without any update being applied.
 */
export async function foldDocument(
  logs: readonly FoldLog[],
  yieldToHost: () => Promise<void>,
  mirrored = false,
): Promise<FoldResult> {
  const refused = refuseTaken(logs)
  let transactionUpdates = TRANSACTION_UPDATES
  for (;;) {
    const run = new FoldRun(logs, refused, transactionUpdates, mirrored)
    try {
      while (run.slice()) await yieldToHost()
      const [applied, blanked] = [run.applied(), run.blanked()]
      const { doc, mirror } = run.finish()
      return { doc, mirror, applied, blanked, refused: [...refused.values()] }
    } catch (error) {
      if (!(error instanceof ApplyThrew) || error.current === null) throw error
      // The end of a transaction may throw for any update in it: with one per transaction the culprit is known.
      if (transactionUpdates === 1) refused.set(error.current.log, { ...error.current, fault: 'apply-threw' })
      transactionUpdates = 1
    }
    await yieldToHost()
  }
}
