import { expect, it } from 'vitest'
import { HonestRoom } from '../testing/honest-peers.ts'
import { type Fraction, seededFraction } from '../testing/honest-traffic.ts'
import { openStored, StoredDocument, StoredLog } from '../testing/stored-logs.ts'
import { foldLogs } from './fold-logs.ts'
import { readingDigest } from './reading-digest.ts'

const SEEDS = process.env['PARLEY_LONG'] === '1' ? 2000 : 150

function below(fraction: Fraction, count: number): number {
  return Math.floor(fraction() * count)
}

/** Several people's logs, of whom everybody has built on everybody else's. */
function writtenLogs(seed: number, fraction: Fraction): StoredLog[] {
  const room = new HonestRoom(3 + (seed % 3), fraction)
  for (let i = 0; i < 60; i++) {
    room.somePeer().edit(fraction)
    if (fraction() < 0.7) room.deliver(room.somePeer(), room.somePeer(), 1 + below(fraction, 8))
  }
  return room.peers.map(({ clientId, updates }) => {
    const log = new StoredLog(below(fraction, 256), clientId)
    for (const update of updates) log.append(update)
    return log
  })
}

function likeOf(log: StoredLog): StoredLog {
  return new StoredLog(log.hash[0] ?? 0, log.clientId)
}

interface Cut {
  readonly log: number
  readonly seq: number
}

/**
 * One reader: entries and cuts in random order. Beyond a cut that is known it gets `all`, or only what it asks for, one
 * by one.
 */
async function read(all: readonly StoredLog[], cuts: readonly Cut[], takesAll: boolean, fraction: Fraction) {
  const logs = all.map(likeOf)
  const document = new StoredDocument(logs)
  const todo = [...cuts]
  const give = (i: number) => {
    const [from, to] = [all[i], logs[i]]
    const update = to && from?.open(to.seq + 1, 1)[0]
    if (to === undefined || update === undefined) return
    to.append(update)
    document.stored(to)
  }
  const isDone = (i: number) => {
    const [from, to] = [all[i] as StoredLog, logs[i] as StoredLog]
    return to.seq >= from.seq || (!takesAll && to.cut !== null && to.seq >= to.cut)
  }
  for (;;) {
    const open = logs.map((_log, i) => i).filter((i) => !isDone(i))
    const cut = below(fraction, 1 + open.length * 8) === 0 || open.length === 0 ? todo.shift() : undefined
    if (cut !== undefined) document.cut(logs[cut.log] as StoredLog, cut.seq)
    else if (open.length === 0) break
    else give(open[below(fraction, open.length)] as number)
    if (below(fraction, 4) === 0) await document.sync.settle()
  }
  await document.sync.settle()
  for (let asked = document.needed.shift(); asked; asked = document.needed.shift()) {
    give(logs.indexOf(asked as StoredLog))
    await document.sync.settle()
  }
  return { document, logs, reading: await document.reading() }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

async function foldReading(logs: readonly StoredLog[]) {
  const folded = await foldLogs(logs, { open: openStored, yieldToHost: () => Promise.resolve() })
  const blankedCount = folded.blanked.reduce((sum, count) => sum + count, 0)
  return { ...folded, reading: hex(readingDigest(folded.doc)), blankedCount }
}

it(`[ST7] [F57] ${SEEDS} seeds: entries and cuts in any order, needed or not, read what the fold reads`, async () => {
  let [blankedCount, unneededCount, replacedCount, liveOnlyCount] = [0, 0, 0, 0]
  for (let seed = 1; seed <= SEEDS; seed++) {
    const fraction = seededFraction(seed * 7 + 1)
    const all = writtenLogs(seed, fraction)
    const log = below(fraction, all.length)
    const first = below(fraction, (all[log]?.seq ?? 0) + 1)
    const cuts = [{ log, seq: first }]
    // Some are cut again, lower; of some a second author is cut too.
    if (seed % 3 === 0) cuts.push({ log, seq: below(fraction, first + 1) })
    if (seed % 4 === 0) {
      const other = (log + 1) % all.length
      cuts.push({ log: other, seq: below(fraction, (all[other]?.seq ?? 0) + 1) })
    }
    const readers = [
      await read(all, cuts, true, fraction),
      await read(all, cuts, true, fraction),
      await read(all, cuts, false, fraction),
      await read(all, cuts, false, fraction),
    ]
    for (const cut of cuts) (all[cut.log] as StoredLog).cut = cut.seq
    const fold = await foldReading(all)
    expect(fold.refused, `seed ${seed}`).toEqual([])
    for (const [i, { document, logs, reading }] of readers.entries()) {
      expect(document.errors, `seed ${seed}`).toEqual([])
      expect(document.refused, `seed ${seed}`).toEqual([])
      expect(reading, `seed ${seed}, reader ${i}`).toBe(fold.reading)
      const own = await foldReading(logs)
      expect(own.reading, `seed ${seed}, fold of reader ${i}`).toBe(fold.reading)
      expect(own.blanked, `seed ${seed}, fold of reader ${i}`).toEqual(fold.blanked)
      replacedCount += document.replacedCount
      if (document.replacedCount === 0 && fold.blankedCount > 0) liveOnlyCount++
    }
    blankedCount += fold.blankedCount
    const storedCount = all.reduce((sum, { seq }) => sum + seq, 0)
    unneededCount += storedCount - fold.applied.reduce((sum, count) => sum + count, 0)
  }
  const counts = { blankedCount, unneededCount, replacedCount, liveOnlyCount }
  console.info(JSON.stringify(counts))
  // Some of each kind, or the seeds prove nothing.
  for (const count of Object.values(counts)) expect(count, JSON.stringify(counts)).toBeGreaterThan(SEEDS / 5)
}, 600_000)
