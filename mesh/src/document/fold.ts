/**
 * The canonical fold: a document as a function of its logs and of nothing else. Whatever order entries arrived in, who
 * rebuilds from the same logs reads the same. Order: repeatedly, of the logs whose next update misses nothing, the one
 * with the lowest hash.
 */
import { compareLogHashes } from '@parley/protocol'
import * as Y from 'yjs'
import { FoldQueue } from './fold-queue.ts'
import { inRemoteTransaction } from './remote-apply.ts'
import { checkUpdate, type GateFault } from './update-gate.ts'
import { nextClockOf } from './yjs-internals.ts'

export interface FoldLog {
  /** SHA-256(doc ‖ author ‖ session), 32 bytes. */
  readonly hash: Uint8Array
  readonly clientId: number
  /** Decrypted V1 updates, seq ascending from 1. */
  readonly updates: readonly Uint8Array[]
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
  /** Per log as given: how many of its updates are in `doc`. What is neither in nor refused waits for others. */
  readonly applied: readonly number[]
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
  /** Updates from here on are refused. */
  end: number
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
  #current: ApplyThrew['current'] = null

  constructor(logs: readonly FoldLog[], refused: Map<number, FoldRefusal>, transactionUpdates: number) {
    this.#refused = refused
    this.#transactionUpdates = transactionUpdates
    this.#cursors = canonicalOrder(logs).map(({ log, given }) => {
      return { log, given, next: 0, end: refused.get(given)?.update ?? log.updates.length }
    })
    for (const rank of this.#cursors.keys()) this.#queue.ready(rank)
  }

  /** Until the slice is used up. False when nothing is left that could be applied. Throws {@link ApplyThrew}. */
  slice(): boolean {
    let leftBytes = SLICE_BYTES
    try {
      while (leftBytes > 0 && !this.#queue.isIdle)
        inRemoteTransaction(this.doc, (apply) => {
          for (let i = 0; i < this.#transactionUpdates && leftBytes > 0; i++) leftBytes -= this.#step(apply)
        })
    } catch (error) {
      throw new ApplyThrew(this.#current, error)
    }
    return !this.#queue.isIdle
  }

  applied(): number[] {
    const counts = new Array<number>(this.#cursors.length).fill(0)
    for (const cursor of this.#cursors) counts[cursor.given] = cursor.next
    return counts
  }

  /** Looks at one update; returns what that cost. */
  #step(apply: (update: Uint8Array) => void): number {
    const rank = this.#queue.take()
    const cursor = rank === null ? undefined : this.#cursors[rank]
    if (rank === null || cursor === undefined) return SLICE_BYTES
    const update = cursor.next < cursor.end ? cursor.log.updates[cursor.next] : undefined
    if (update === undefined) return 0
    this.#current = { log: cursor.given, update: cursor.next }
    const verdict = checkUpdate(this.doc, update, cursor.log.clientId)
    if (verdict.verdict === 'wait') this.#queue.wait(rank, verdict.missing)
    else if (verdict.verdict === 'refuse')
      this.#refused.set(cursor.given, { ...this.#current, fault: verdict.fault })
    else {
      apply(update)
      cursor.next++
      this.#queue.ready(rank)
      this.#queue.reached(cursor.log.clientId, nextClockOf(this.doc, cursor.log.clientId))
    }
    return update.length + UPDATE_COST_BYTES
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
): Promise<FoldResult> {
  const refused = refuseTaken(logs)
  let transactionUpdates = TRANSACTION_UPDATES
  for (;;) {
    const run = new FoldRun(logs, refused, transactionUpdates)
    try {
      while (run.slice()) await yieldToHost()
      return { doc: run.doc, applied: run.applied(), refused: [...refused.values()] }
    } catch (error) {
      if (!(error instanceof ApplyThrew) || error.current === null) throw error
      // The end of a transaction may throw for any update in it: with one per transaction the culprit is known.
      if (transactionUpdates === 1) refused.set(error.current.log, { ...error.current, fault: 'apply-threw' })
      transactionUpdates = 1
    }
    await yieldToHost()
  }
}
