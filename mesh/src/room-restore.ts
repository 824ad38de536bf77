/**
 * From an archive back to a journal without reading it: who writes what is known by the facts of each log. What was verified
 * before it was stored is not verified again, since whoever is served verifies all of it; owners' records, which decide what
 * stands here, are read and checked as ever.
 */
import {
  type DocName,
  decodeEntry,
  type KeyId,
  type LogKey,
  logKeyOf,
  MalformedError,
  parseDocName,
  parseKeyId,
  type SessionId,
} from '@parley/protocol'
import type { EntryCheck } from './journal/blind-seal.ts'
import type { DescribeEntry, EntryArchive, StoredLog } from './ports.ts'
import { type LoadDeps, loadEntries } from './room-load.ts'

const META = 'meta' as DocName

export function describeBy(seal: EntryCheck): DescribeEntry {
  return (bytes) => {
    try {
      const entry = decodeEntry(bytes)
      const { log, seq, prev, timeMs } = entry
      return { log, seq, prev, timeMs, hash: seal.hash(entry) }
    } catch (error) {
      if (error instanceof MalformedError) return null
      throw error
    }
  }
}

interface NamedLog extends StoredLog {
  readonly doc: DocName
  readonly author: KeyId
  readonly session: SessionId
  readonly key: LogKey
}

/** Returns how many entries were left out. Rejects as storage does. */
export async function restoreLogs(deps: LoadDeps, archive: EntryArchive): Promise<number> {
  const meta: NamedLog[] = []
  const others: NamedLog[] = []
  for await (const stored of archive.logs()) {
    const named = nameOf(stored)
    if (named) (named.doc === META ? meta : others).push(named)
  }
  let leftOut = await loadEntries(deps, await readAll(archive, meta))
  for (const log of others) {
    const { right } = deps.authors.rightOf({ ...log, seq: log.seq }, null)
    if (right === 'yes') deps.journal.restore({ ...log, log: log.key }, log)
    else leftOut += log.seq
  }
  return leftOut
}

async function readAll(archive: EntryArchive, logs: readonly NamedLog[]): Promise<Uint8Array[]> {
  const entries: Uint8Array[] = []
  const ranges = logs.map(({ log, seq }) => ({ log, from: 1, to: seq }))
  for await (const entry of archive.read(ranges)) entries.push(entry.slice())
  return entries
}

/** Storage is input like any other: a log of another name is none. */
function nameOf(stored: StoredLog): NamedLog | null {
  const [docText = '', authorText = '', session = ''] = stored.log.split(' ')
  const doc = parseDocName(docText)
  const author = parseKeyId(authorText)
  if (!doc || !author) return null
  const named = { ...stored, doc, author, session: session as SessionId }
  const key = logKeyOf(doc, author, named.session)
  return key === stored.log ? { ...named, key } : null
}
