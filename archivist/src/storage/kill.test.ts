import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { numbersOf, seededFraction } from '@parley/mesh/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { diskStorages } from './disk-storages.ts'
import { describeNumbered, numbersInArchive, RUN_ROOM } from './testing/numbered-run.ts'

const KILLS = process.env['PARLEY_LONG'] ? 200 : 20
const WRITER = join(import.meta.dirname, 'testing', 'writing-process.ts')

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-kill-'))
})
afterAll(() => rm(dir, { recursive: true }))

function start(): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', WRITER, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Kills it once it has acknowledged `flushes` times; resolves with the last number that it said. */
async function killAfter(writer: ChildProcess, flushes: number): Promise<number> {
  let acknowledged = 0
  let seen = 0
  const ended = new Promise((resolve) => writer.once('exit', (_code, signal) => resolve(signal)))
  for await (const line of createInterface({ input: writer.stdout as NodeJS.ReadableStream })) {
    acknowledged = Number(line)
    if (++seen === flushes) writer.kill('SIGKILL')
  }
  expect(await ended, 'the writer ended by itself').toBe('SIGKILL')
  return acknowledged
}

async function reopen() {
  const startedMs = performance.now()
  let cuts = 0
  const storages = await diskStorages(dir, {
    log: (_level, event) => {
      if (event === 'torn-tail-cut') cuts++
    },
  })
  const storage = await storages.open(RUN_ROOM)
  await storage.archive?.(describeNumbered)
  const restartMs = performance.now() - startedMs
  const numbers = numbersOf((await storage.load()).entries)
    .split(' ')
    .map(Number)
  expect(await numbersInArchive(storage), 'an index says something else than its segment').toEqual(numbers)
  await storages.close()
  return { numbers, restartMs, cuts }
}

describe('[F44] kill -9 while writing', () => {
  it(
    `[DS2] [DS13] ${KILLS} times: nothing acknowledged is lost, the lock does not stand in the way`,
    async () => {
      const seed = Date.now() % 1_000_000
      const fraction = seededFraction(seed)
      let [most, cuts, entryCount] = [0, 0, 0]
      for (let kill = 0; kill < KILLS; kill++) {
        const acknowledged = await killAfter(start(), 1 + Math.floor(fraction() * 200))
        const after = await reopen()
        expect(after.numbers.length, `seed ${seed}, kill ${kill}`).toBeGreaterThanOrEqual(acknowledged)
        expect(after.numbers.every((number, index) => number === index)).toBe(true)
        most = Math.max(most, after.restartMs)
        cuts += after.cuts
        entryCount = after.numbers.length
      }
      console.log(
        `${KILLS} kills (seed ${seed}): ${entryCount} entries, none lost, ${cuts} torn tails cut, longest restart ${most.toFixed(0)} ms`,
      )
    },
    KILLS * 15_000,
  )
})
