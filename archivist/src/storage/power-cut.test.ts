import { numbersOf, seededFraction } from '@parley/mesh/testing'
import { describe, expect, it } from 'vitest'
import { storagesOn } from './disk-storages.ts'
import { FakeFileSystem, type Survival } from './testing/fake-file-system.ts'
import { type Acknowledged, RUN_ENTRIES, RUN_ROOM, runNumbered, silent } from './testing/numbered-run.ts'

const SURVIVALS: readonly Survival[] = ['lost', 'torn', 'kept']

function isPrefix(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => number === index)
}

async function loadNumbers(fs: FakeFileSystem) {
  const storages = await storagesOn(fs, '/data', silent)
  const storage = await storages.open(RUN_ROOM)
  const { entries, records } = await storage.load()
  await storages.close()
  return { numbers: entries.length === 0 ? [] : numbersOf(entries).split(' ').map(Number), records }
}

/** Runs until power fails at `boundary`; what was acknowledged by then, and the machine that starts again. */
async function runUntilCut(fs: FakeFileSystem, from: number, boundary: number, acknowledged: Acknowledged) {
  fs.cutPowerAt(boundary)
  const end = await runNumbered(fs, from, acknowledged).then(
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

describe('[F44] power fails', { timeout: 180_000 }, () => {
  it('[DS2] [DS3] at every change to the disk of a run of 1,000 entries: nothing acknowledged is lost', async () => {
    const whole = new FakeFileSystem()
    const all: Acknowledged = { entryCount: 0, value: null }
    await runNumbered(whole, 0, all)
    expect(all).toEqual({ entryCount: RUN_ENTRIES, value: 900 })
    expect(whole.boundaryCount).toBeGreaterThan(300)
    for (let boundary = 0; boundary < whole.boundaryCount; boundary++) {
      for (const survival of SURVIVALS) {
        const fs = new FakeFileSystem()
        const acknowledged: Acknowledged = { entryCount: 0, value: null }
        await runUntilCut(fs, 0, boundary, acknowledged)
        const after = fs.afterPowerCut(survival, seededFraction(boundary))
        expectNothingLost(await loadNumbers(after), acknowledged, `change ${boundary}, ${survival}`)
      }
    }
  })

  it('[DS2] again and again, also while it starts: nothing acknowledged is lost', async () => {
    const runs = process.env['PARLEY_LONG'] ? 2000 : 100
    for (let seed = 1; seed <= runs; seed++) {
      const fraction = seededFraction(seed)
      let fs = new FakeFileSystem()
      const acknowledged: Acknowledged = { entryCount: 0, value: null }
      let from = 0
      for (let cut = 0; cut < 8 && acknowledged.entryCount < RUN_ENTRIES; cut++) {
        await runUntilCut(fs, from, Math.floor(fraction() * 120), acknowledged)
        fs = fs.afterPowerCut(SURVIVALS[Math.floor(fraction() * 3)] ?? 'torn', fraction)
        const loaded = await loadNumbers(fs)
        expectNothingLost(loaded, acknowledged, `seed ${seed}, cut ${cut}`)
        from = loaded.numbers.length
      }
    }
  })
})
