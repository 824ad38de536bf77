import { numbersOf, seededFraction } from '@parley/mesh/testing'
import { describe, expect, it } from 'vitest'
import { storagesOn } from './disk-storages.ts'
import { FakeFileSystem, type Survival } from './testing/fake-file-system.ts'
import {
  type Acknowledged,
  numbersInArchive,
  RUN_ROOM,
  type Run,
  runNumbered,
  SMALL_SEGMENTS,
  silent,
} from './testing/numbered-run.ts'

const SURVIVALS: readonly Survival[] = ['lost', 'torn', 'kept']

function isPrefix(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => number === index)
}

const PLAIN: Run = { entries: 1000, archived: false }
/** Each boundary costs a run: with indices there are twice as many. */
const ARCHIVED: Run = { entries: 250, archived: true }

async function loadNumbers(fs: FakeFileSystem, { archived }: Run) {
  const storages = await storagesOn(fs, '/data', silent, null, SMALL_SEGMENTS)
  const storage = await storages.open(RUN_ROOM)
  const inArchive = archived ? await numbersInArchive(storage) : null
  const records = await storage.records?.()
  const { entries } = await storage.load()
  const numbers = entries.length === 0 ? [] : numbersOf(entries).split(' ').map(Number)
  if (inArchive) expect(inArchive, 'an index says something else than its segment').toEqual(numbers)
  await storages.close()
  return { numbers, records: records ?? new Map() }
}

/** Runs until power fails at `boundary`; what was acknowledged by then, and the machine that starts again. */
async function runUntilCut(
  fs: FakeFileSystem,
  from: number,
  boundary: number,
  acknowledged: Acknowledged,
  run: Run,
) {
  fs.cutPowerAt(boundary)
  const end = await runNumbered(fs, from, acknowledged, run).then(
    () => 'finished' as const,
    () => 'cut' as const,
  )
  expect(end === 'cut' || !fs.isPowered || boundary >= fs.boundaryCount).toBe(true)
}

function expectNothingLost(
  { numbers, records }: Awaited<ReturnType<typeof loadNumbers>>,
  { entryCount, value }: Acknowledged,
  where: string,
): void {
  expect(isPrefix(numbers), `${where}: a gap, or out of order`).toBe(true)
  expect(numbers.length, where).toBeGreaterThanOrEqual(entryCount)
  if (value !== null) expect(records.get('count'), where).toBeGreaterThanOrEqual(value)
}

async function cutEverywhere(run: Run): Promise<number> {
  const whole = new FakeFileSystem()
  const all: Acknowledged = { entryCount: 0, value: null }
  await runNumbered(whole, 0, all, run)
  expect(all.entryCount).toBe(run.entries)
  for (let boundary = 0; boundary < whole.boundaryCount; boundary++) {
    for (const survival of SURVIVALS) {
      const fs = new FakeFileSystem()
      const acknowledged: Acknowledged = { entryCount: 0, value: null }
      await runUntilCut(fs, 0, boundary, acknowledged, run)
      const after = fs.afterPowerCut(survival, seededFraction(boundary))
      expectNothingLost(await loadNumbers(after, run), acknowledged, `change ${boundary}, ${survival}`)
    }
  }
  return whole.boundaryCount
}

/** Power fails up to eight times on the way. */
async function cutOften(seed: number, run: Run): Promise<void> {
  const fraction = seededFraction(seed)
  let fs = new FakeFileSystem()
  const acknowledged: Acknowledged = { entryCount: 0, value: null }
  let from = 0
  for (let cut = 0; cut < 8 && acknowledged.entryCount < run.entries; cut++) {
    await runUntilCut(fs, from, Math.floor(fraction() * 120), acknowledged, run)
    fs = fs.afterPowerCut(SURVIVALS[Math.floor(fraction() * 3)] ?? 'torn', fraction)
    const loaded = await loadNumbers(fs, run)
    expectNothingLost(loaded, acknowledged, `seed ${seed}, cut ${cut}`)
    from = loaded.numbers.length
  }
}

describe('[F44] power fails', { timeout: 180_000 }, () => {
  it('[DS2] [DS3] at every change to the disk of a run of 1,000 entries: nothing acknowledged is lost', async () => {
    expect(await cutEverywhere(PLAIN)).toBeGreaterThan(300)
  })

  it('[DS2] [DS13] at every change, those to indices among them: no index loses or invents an entry', async () => {
    expect(await cutEverywhere(ARCHIVED)).toBeGreaterThan(150)
  })

  it('[DS2] [DS13] again and again, also while it starts: nothing acknowledged is lost', async () => {
    const runs = process.env['PARLEY_LONG'] ? 2000 : 100
    for (let seed = 1; seed <= runs; seed++) await cutOften(seed, seed % 4 === 0 ? ARCHIVED : PLAIN)
  })
})
