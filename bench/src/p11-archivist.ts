/**
 * P11: entries that are durable once they are acknowledged, and the program with a large room.
 *
 * Beside it y-leveldb, which stores the same updates without syncing: what it acknowledges may be lost when power fails.
 * The other usual store, @hocuspocus/extension-sqlite, needs better-sqlite3, which is compiled with Node's headers from
 * the network where no binary fits: it does not install here and is left out.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diskStorages } from '@parley/archivist'
import { LeveldbPersistence } from 'y-leveldb'
import * as Y from 'yjs'
import { type Bench, inTurns } from './bench.ts'
import { median, spread } from './measure/statistics.ts'
import { measureArchivist } from './p11-program.ts'
import { type Result, rounded } from './results.ts'

const ENTRIES = 20_000
const IN_FLIGHT = 500
const ROOM_ENTRIES = 1_000_000
const ENTRIES_BAR = 10_000
const TEXT_CHARACTERS = 180
const SILENT = { log: () => undefined }

async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-disk-'))
  try {
    return await run(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** What somebody types, in updates of about 200 bytes. */
function makeUpdates(): Uint8Array[] {
  const updates: Uint8Array[] = []
  const doc = new Y.Doc()
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const text = doc.getText('text')
  for (let count = 0; count < ENTRIES; count++) text.insert(0, String(count % 10).repeat(TEXT_CHARACTERS))
  return updates
}

/** So many at a time: each waits until its own is acknowledged. Returns updates per second. */
async function storeAll(
  updates: readonly Uint8Array[],
  store: (update: Uint8Array) => Promise<unknown>,
): Promise<number> {
  let next = 0
  const worker = async () => {
    while (next < updates.length) await store(updates[next++] as Uint8Array)
  }
  const startedMs = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return updates.length / ((performance.now() - startedMs) / 1000)
}

function storeOurs(updates: readonly Uint8Array[]): Promise<number> {
  return inFolder(async (folder) => {
    const storages = await diskStorages(folder, SILENT)
    const storage = await storages.open('room')
    const perSecond = await storeAll(updates, (update) => {
      storage.append([update])
      return storage.flush()
    })
    await storages.close()
    return perSecond
  })
}

function storeLevel(updates: readonly Uint8Array[]): Promise<number> {
  return inFolder(async (folder) => {
    const level = new LeveldbPersistence(folder)
    const perSecond = await storeAll(updates, (update) => level.storeUpdate('room', update))
    await level.destroy()
    return perSecond
  })
}

async function measureStoring(rounds: number, report: (line: string) => void): Promise<Result> {
  const updates = makeUpdates()
  const bytes = updates.reduce((sum, { length }) => sum + length, 0) / updates.length
  const ours: number[] = []
  const level: number[] = []
  for (let round = 0; round < rounds; round++) {
    for (const who of inTurns(round, ['ours', 'level'] as const)) {
      if (who === 'ours') ours.push(await storeOurs(updates))
      else level.push(await storeLevel(updates))
    }
    report(
      `P11 storing, round ${round + 1}: ours ${rounded(ours.at(-1) ?? 0)}/s, y-leveldb ${rounded(level.at(-1) ?? 0)}/s`,
    )
  }
  return {
    id: 'P11',
    what: `entries/s of ${rounded(bytes)} bytes, ${IN_FLIGHT} in flight, durable when acknowledged, against y-leveldb 0.2.0, which does not sync (${spread(ours)} against ${spread(level)}; ${rounds} rounds); at least ${ENTRIES_BAR}`,
    ours: rounded(median(ours)),
    peer: rounded(median(level)),
    ratio: rounded(median(ours) / median(level)),
    bar: null,
    holds: median(ours) >= ENTRIES_BAR,
  }
}

/** `scale`: of a million entries; smaller ones say nothing about the bar. */
export function archivistBench(scale: number): Bench {
  return async ({ rounds, report }) => [
    await measureStoring(rounds, report),
    ...(await measureArchivist({ entryCount: Math.round(ROOM_ENTRIES * scale), rounds, report })),
  ]
}
