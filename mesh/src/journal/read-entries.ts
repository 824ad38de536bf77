/** Where whoever reads a whole document of what it keeps takes entries from. */
import { decodeEntry, type SealedEntry } from '@parley/protocol'
import type { AuthorLog } from './author-log.ts'

/** `count` entries of a log from `seq` on; `undefined` for what is not held. */
export async function readEntries(
  log: AuthorLog,
  seq: number,
  count: number,
): Promise<(SealedEntry | undefined)[]> {
  return Array.from({ length: count }, (_, i) => {
    const record = log.record(seq + i)
    return record && decodeEntry(record.bytes)
  })
}
