/** From stored bytes back to a journal. Storage is input like any other: what does not fit together is left out. */
import { decodeEntry, type KeyId, MalformedError, type SealedEntry } from '@parley/protocol'
import type { AuthorBook } from './journal/author-book.ts'
import type { EntrySeal } from './journal/entry-seal.ts'
import type { Journal } from './journal/journal.ts'
import { LOAD_SLICE_ENTRIES } from './limits.ts'
import type { Clock } from './ports.ts'

const AUTHOR = 'author/'

export function authorRecord(key: KeyId): string {
  return `${AUTHOR}${key}`
}

export async function loadAuthors(authors: AuthorBook, records: ReadonlyMap<string, unknown>): Promise<void> {
  for (const [name, value] of records) {
    if (!name.startsWith(AUTHOR) || !Array.isArray(value)) continue
    for (const chain of value) if (chain instanceof Uint8Array) await authors.learn(chain)
  }
}

/**
 * Signatures were verified before an entry was stored; here hashes show that logs are whole, and rights are looked up
 * again. Returns how many entries were left out (doubles of two tabs not counted).
 */
export async function loadEntries(
  deps: { journal: Journal; authors: AuthorBook; seal: EntrySeal; clock: Clock },
  entries: readonly Uint8Array[],
): Promise<number> {
  let leftOut = 0
  for (const [i, bytes] of entries.entries()) {
    if (i % LOAD_SLICE_ENTRIES === LOAD_SLICE_ENTRIES - 1) await deps.clock.yieldToHost()
    const entry = decodeOrNull(bytes)
    if (!entry || !loadOne(deps, entry)) leftOut++
  }
  return leftOut
}

function loadOne(
  deps: { journal: Journal; authors: AuthorBook; seal: EntrySeal },
  entry: SealedEntry,
): boolean {
  if (deps.authors.rightOf(entry.author, entry.doc, entry.timeMs).right !== 'yes') return false
  const log = deps.journal.logFor(entry)
  const hash = deps.seal.hash(entry)
  const { verdict } = log.judge(entry, hash)
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
