/** The fold of a document's logs as they are stored and stand at this moment. */
import { compareLogHashes } from '@parley/protocol'
import { type FoldLog, type FoldResult, foldDocument } from './fold.ts'
import { type LogView, standingOf } from './log-cursor.ts'

export interface FoldLogsDeps {
  readonly open: (log: LogView, seq: number, count: number) => Promise<readonly (Uint8Array | null)[]>
  readonly yieldToHost: () => Promise<void>
  /** Whether a copy is wanted as well. */
  readonly mirrored?: boolean
}

/** Of logs with one clientID the lowest hash says whose it is, as in the fold. */
function authorsByClient(logs: readonly LogView[]): ReadonlyMap<number, string> {
  const ordered = [...logs].sort((a, b) => compareLogHashes(b.hash, a.hash))
  return new Map(ordered.map(({ clientId, author }) => [clientId, author]))
}

export async function foldLogs(logs: readonly LogView[], deps: FoldLogsDeps): Promise<FoldResult> {
  const authors = authorsByClient(logs)
  const taken = logs.map((log) => ({ log, count: log.seq, standing: standingOf(log, log.seq) }))
  const folding = taken.map(async ({ log, count, standing }): Promise<FoldLog> => {
    const { hash, clientId, author, restricted } = log
    const opened = await deps.open(log, 1, count)
    const end = opened.indexOf(null)
    const updates = (end < 0 ? opened : opened.slice(0, end)).filter((update) => update !== null)
    const own = restricted ? { isOwn: (client: number) => authors.get(client) === author } : undefined
    return { hash, clientId, updates, standing, own }
  })
  return foldDocument(await Promise.all(folding), deps.yieldToHost, deps.mirrored)
}
