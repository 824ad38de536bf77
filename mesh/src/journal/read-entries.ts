/** Where whoever reads entries of what it keeps takes them from: memory or storage. */
import { decodeEntry, type LogKey, type SealedEntry } from '@parley/protocol'
import type { AuthorLog } from './author-log.ts'
import type { EntrySeal } from './entry-seal.ts'
import type { Journal } from './journal.ts'

/** `count` entries of a log from `seq` on; `undefined` for what is not held. Rejects as storage does. */
export async function readEntries(
  journal: Journal,
  log: AuthorLog,
  seq: number,
  count: number,
): Promise<(SealedEntry | undefined)[]> {
  const stored = Math.max(0, Math.min(count, log.deepCount - seq + 1))
  const entries: (SealedEntry | undefined)[] = []
  if (stored > 0) {
    const { doc, author, session, key } = log
    const range = { doc, author, session, log: key, from: seq, to: seq + stored - 1 }
    for await (const bytes of journal.entriesIn([range])) entries.push(decodeEntry(bytes.slice()))
  }
  return [...entries, ...inMemory(log, seq + stored, count - stored)]
}

function inMemory(log: AuthorLog | undefined, seq: number, count: number): (SealedEntry | undefined)[] {
  return Array.from({ length: count }, (_, i) => {
    const record = log?.record(seq + i)
    return record && decodeEntry(record.bytes)
  })
}

/** What they say, where they can be opened: `null` for all else. */
export async function openEntries(
  journal: Journal,
  seal: Pick<EntrySeal, 'open'>,
  key: LogKey,
  seq: number,
  count: number,
): Promise<(Uint8Array | null)[]> {
  const log = journal.log(key)
  // Without a detour where nothing lies in storage: a turn later, more of what comes in would be taken first.
  const entries =
    log && seq <= log.deepCount ? await readEntries(journal, log, seq, count) : inMemory(log, seq, count)
  return Promise.all(entries.map((entry) => (entry ? seal.open(entry) : null)))
}
