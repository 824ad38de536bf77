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
  for (let i = stored; i < count; i++) {
    const record = log.record(seq + i)
    entries.push(record && decodeEntry(record.bytes))
  }
  return entries
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
  const entries = log
    ? await readEntries(journal, log, seq, count)
    : new Array<undefined>(count).fill(undefined)
  return Promise.all(entries.map((entry) => (entry ? seal.open(entry) : null)))
}
