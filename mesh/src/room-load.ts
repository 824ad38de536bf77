/** From stored bytes back to a journal. Storage is input like any other: what does not fit together is left out. */
import {
  decodeEntry,
  type KeyId,
  type LogKey,
  MalformedError,
  type ProofFrame,
  type SealedEntry,
} from '@parley/protocol'
import type { AuthorBook } from './journal/author-book.ts'
import type { AuthorLog } from './journal/author-log.ts'
import type { EntryCheck } from './journal/blind-seal.ts'
import type { Journal } from './journal/journal.ts'
import { LOAD_SLICE_ENTRIES } from './limits.ts'
import type { Clock } from './ports.ts'

const AUTHOR = 'author/'

export function authorRecord(key: KeyId): string {
  return `${AUTHOR}${key}`
}

export async function loadAuthors(authors: AuthorBook, records: ReadonlyMap<string, unknown>): Promise<void> {
  for (const chain of storedChains(records)) await authors.learn(chain)
}

/** Chains of all authors, not verified. */
export function storedChains(records: ReadonlyMap<string, unknown>): Uint8Array[] {
  return [...records]
    .filter(([name]) => name.startsWith(AUTHOR))
    .flatMap(([, value]) =>
      Array.isArray(value) ? value.filter((chain) => chain instanceof Uint8Array) : [],
    )
}

const PROOF = 'proof/'

export function proofRecord(log: LogKey): string {
  return `${PROOF}${log}`
}

/** Proofs are checked again when they are added. */
export function loadProofs(records: ReadonlyMap<string, unknown>): ProofFrame[] {
  return [...records]
    .filter(([name]) => name.startsWith(PROOF))
    .flatMap(([, value]) => (isProof(value) ? [value] : []))
}

function isProof(value: unknown): value is ProofFrame {
  const { first, second } = (value ?? {}) as Partial<ProofFrame>
  return [first, second].every((stub) => [stub?.header, stub?.bodyHash, stub?.signature].every(isBytes))
}

function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array
}

export interface LoadDeps {
  readonly journal: Journal
  readonly authors: AuthorBook
  readonly seal: EntryCheck
  readonly clock: Clock
  readonly cutOf: (entry: SealedEntry) => number | null
  /** Owners' records come before all that they decide about. */
  readonly onMeta: (entry: SealedEntry) => Promise<unknown>
  /** Another entry is stored for a place of this log: where a fork is known, the one that lost makes way. */
  readonly settle: (log: AuthorLog) => void
}

/**
 * Hashes show that logs are whole, the signature of the last entry that they are what their author wrote, and rights are
 * looked up again. Returns how many entries were left out (doubles of two tabs not counted).
 */
export async function loadEntries(deps: LoadDeps, stored: readonly Uint8Array[]): Promise<number> {
  const entries: SealedEntry[] = []
  for (const [i, bytes] of stored.entries()) {
    if (i % LOAD_SLICE_ENTRIES === LOAD_SLICE_ENTRIES - 1) await deps.clock.yieldToHost()
    const entry = decodeOrNull(bytes)
    if (entry) entries.push(entry)
  }
  let kept = 0
  for (const entry of entries) {
    if (entry.doc !== 'meta' || !loadOne(deps, entry)) continue
    kept++
    await deps.onMeta(entry)
  }
  for (const [i, entry] of entries.entries()) {
    if (i % LOAD_SLICE_ENTRIES === LOAD_SLICE_ENTRIES - 1) await deps.clock.yieldToHost()
    if (entry.doc !== 'meta' && loadOne(deps, entry)) kept++
  }
  return stored.length - kept + (await dropDamaged(deps))
}

/**
 * Each entry holds the hash of the one before: a log whose last signature verifies is whole. Where it does not, the log is
 * kept as far as one does; what is dropped comes again from others. Returns how many entries were dropped.
 */
async function dropDamaged({ journal, seal }: LoadDeps): Promise<number> {
  let dropped = 0
  for (const log of journal.logs()) {
    for (let last = log.record(log.stored); last; last = log.record(log.stored)) {
      if (await seal.verify(decodeEntry(last.bytes))) break
      log.drop(last.seq)
      journal.heads.changed(log)
      dropped++
    }
  }
  return dropped
}

function loadOne(deps: LoadDeps, entry: SealedEntry): boolean {
  const { right } = deps.authors.rightOf(entry, deps.cutOf(entry))
  if (right !== 'yes' && right !== 'beyond') return false
  const log = deps.journal.logFor(entry)
  const hash = deps.seal.hash(entry)
  let { verdict } = log.judge(entry, hash)
  if (verdict === 'fork') {
    deps.settle(log)
    verdict = log.judge(entry, hash).verdict
  }
  if (verdict === 'next') deps.journal.append(log, entry, hash)
  return verdict === 'next' || verdict === 'known'
}

function decodeOrNull(bytes: Uint8Array): SealedEntry | null {
  try {
    return decodeEntry(bytes)
  } catch (error) {
    if (error instanceof MalformedError) return null
    throw error
  }
}
