/**
 * Entries of one document in the order in which they can have been written: by their authors' clocks, but none before
 * what it builds on or deletes. Who dates a deletion back cannot put it before the text that it deletes.
 */
import * as Y from 'yjs'
import { readUpdate } from './update-bytes.ts'
import { type DecodedUpdate, type Struct, statedParent } from './yjs-internals.ts'

export interface DatedLog {
  readonly clientId: number
  /** V1, seq ascending from 1; what could not be opened is `null`, and what follows it is left out. */
  readonly updates: readonly (Uint8Array | null)[]
  /** By its author's clock, Unix time in milliseconds. */
  readonly timeMs: (seq: number) => number
}

export interface Change {
  /** Index into the logs as they were given. */
  readonly log: number
  readonly seq: number
  /** The latest of its own time and of the times of all that it needs. */
  readonly timeMs: number
  /** Units of text and elements. */
  readonly insertedCount: number
  readonly deletedCount: number
}

interface Read {
  /** First clock behind what the log has written so far. */
  readonly endClock: number
  /** Of other clients: the highest clock that is named. */
  readonly needs: ReadonlyMap<number, number>
  readonly insertedCount: number
  readonly deletedCount: number
}

/** Updates between two turns of the host: some milliseconds. */
const SLICE_UPDATES = 500

/** In order; ties as they depend on each other. */
export async function changesInOrder(
  logs: readonly DatedLog[],
  yieldToHost: () => Promise<void>,
): Promise<Change[]> {
  const read: Read[][] = []
  let count = 0
  for (const log of logs) {
    const ofLog: Read[] = []
    for (const update of log.updates) {
      if (++count % SLICE_UPDATES === 0) await yieldToHost()
      const one = update && readOne(update, log.clientId, ofLog.at(-1)?.endClock ?? 0)
      if (!one) break
      ofLog.push(one)
    }
    read.push(ofLog)
  }
  return new Dating(logs, read).run()
}

function readOne(update: Uint8Array, clientId: number, before: number): Read | null {
  const found = readUpdate(update, clientId)
  if ('fault' in found) return null
  const { structs, ds } = found.decoded
  const needs = new Map<number, number>()
  const need = (client: number, clock: number): void => {
    if (client !== clientId) needs.set(client, Math.max(needs.get(client) ?? 0, clock))
  }
  for (const id of structs.flatMap(idsOf)) need(id.client, id.clock)
  let deletedCount = 0
  for (const [client, ranges] of ds.clients) {
    for (const { clock, len } of ranges) {
      deletedCount += len
      need(client, clock + len - 1)
    }
  }
  const last = structs.at(-1)
  const endClock = last ? Math.max(before, last.id.clock + last.length) : before
  return { endClock, needs, insertedCount: countOf(structs), deletedCount }
}

function idsOf(struct: Struct): Y.ID[] {
  if (!(struct instanceof Y.Item)) return []
  const parent = statedParent(struct)
  return [struct.origin, struct.rightOrigin, parent instanceof Y.ID ? parent : null].filter(
    (id) => id !== null,
  )
}

function countOf(structs: DecodedUpdate['structs']): number {
  let count = 0
  for (const struct of structs) if (struct instanceof Y.Item && struct.countable) count += struct.length
  return count
}

class Dating {
  readonly #logs: readonly DatedLog[]
  readonly #read: readonly (readonly Read[])[]
  readonly #ofClient: ReadonlyMap<number, number>
  readonly #times: number[][]
  readonly #changes: Change[] = []

  constructor(logs: readonly DatedLog[], read: readonly (readonly Read[])[]) {
    this.#logs = logs
    this.#read = read
    this.#ofClient = new Map(logs.map(({ clientId }, log) => [clientId, log]))
    this.#times = logs.map(() => [])
  }

  run(): Change[] {
    let strict = true
    for (;;) {
      const before = this.#changes.length
      for (const log of this.#logs.keys()) this.#advance(log, strict)
      const moved = this.#changes.length > before
      if (!moved && !strict) break
      // What needs something that never comes is dated without it.
      strict = moved
    }
    return this.#changes
      .map((change, place) => ({ change, place }))
      .sort((a, b) => a.change.timeMs - b.change.timeMs || a.place - b.place)
      .map(({ change }) => change)
  }

  /** As far as what is needed has its time; without `strict` one step whatever is missing. */
  #advance(log: number, strict: boolean): void {
    const times = this.#times[log] ?? []
    const read = this.#read[log] ?? []
    for (let next = read[times.length]; next; next = read[times.length]) {
      const neededMs = this.#timeOf(next.needs)
      if (neededMs === null && strict) return
      const seq = times.length + 1
      const timeMs = Math.max(neededMs ?? 0, times.at(-1) ?? 0, this.#logs[log]?.timeMs(seq) ?? 0)
      times.push(timeMs)
      const { insertedCount, deletedCount } = next
      this.#changes.push({ log, seq, timeMs, insertedCount, deletedCount })
      if (!strict) return
    }
  }

  /** `null` while something of it has no time yet; what no log here has does not count. */
  #timeOf(needs: ReadonlyMap<number, number>): number | null {
    let latestMs = 0
    for (const [client, clock] of needs) {
      const log = this.#ofClient.get(client)
      const at = log === undefined ? -1 : firstBeyond(this.#read[log] ?? [], clock)
      if (log === undefined || at < 0) continue
      const timeMs = this.#times[log]?.[at]
      if (timeMs === undefined) return null
      latestMs = Math.max(latestMs, timeMs)
    }
    return latestMs
  }
}

/** Index of the first entry that has `clock`, −1 when none does. */
function firstBeyond(read: readonly Read[], clock: number): number {
  let [low, high] = [0, read.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((read[middle]?.endClock ?? 0) > clock) high = middle
    else low = middle + 1
  }
  return low < read.length ? low : -1
}
