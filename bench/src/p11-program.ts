/** P11, the program: how soon an archivist with a large room serves again, what it holds in memory, and how it serves. */

import { defaultPlatform, joinRoomOn } from '@parley/mesh'
import { DEFAULT_CONFIG, startServer } from '@parley/signaling'
import {
  type ArchiveFixture,
  archiveFixture,
  FIXTURE,
  READ_ENTRIES,
  READ_PAGE,
} from './load/archive-fixture.ts'
import { median, spread } from './measure/statistics.ts'
import { type Result, rounded } from './results.ts'
import { ArchivistProcess, addRoom, bundleArchivist } from './servers/archivist.ts'

const RESTART_BAR_MS = 2_000
/** A newcomer takes so many entries of the room, then leaves. */
const TAKEN_ENTRIES = 20_000
const MEMORY_INTERVAL_MS = 200
/** Nobody is there. */
const NOWHERE = 'ws://127.0.0.1:1/v1'

interface Measuring {
  readonly entryCount: number
  readonly rounds: number
  readonly report: (line: string) => void
}

const mib = (bytes: number): number => rounded(bytes / 2 ** 20)

async function restartOnce({ dir }: ArchiveFixture, entryCount: number) {
  const archivist = await ArchivistProcess.spawn(dir, NOWHERE)
  try {
    const [readyMs, openMs] = await Promise.all([archivist.readyMs(), archivist.openMs(entryCount)])
    return { readyMs, openMs, residentBytes: await archivist.residentBytes() }
  } finally {
    await archivist.stop()
  }
}

async function measureRestart(
  fixture: ArchiveFixture,
  { entryCount, rounds, report }: Measuring,
): Promise<Result> {
  // The first start after the fixture was made makes its indices.
  await restartOnce(fixture, entryCount)
  const runs: Awaited<ReturnType<typeof restartOnce>>[] = []
  for (let round = 0; round < rounds; round++) {
    runs.push(await restartOnce(fixture, entryCount))
    const { readyMs, openMs, residentBytes } = runs.at(-1) as (typeof runs)[number]
    report(
      `P11 restart, round ${round + 1}: ready ${rounded(readyMs)} ms, serves ${rounded(openMs)} ms, ${mib(residentBytes)} MiB`,
    )
  }
  const times = runs.map(({ openMs }) => openMs)
  const ready = rounded(median(runs.map(({ readyMs }) => readyMs)))
  const resident = mib(median(runs.map(({ residentBytes }) => residentBytes)))
  return {
    id: 'P11',
    what: `restart of the program with a room of ${entryCount} entries (updates of ${FIXTURE.updateBytes} bytes, ${FIXTURE.authors} authors) until it serves, ms (${spread(times)}; /readyz after ${ready}; then ${resident} MiB resident)`,
    ours: rounded(median(times)),
    peer: null,
    ratio: null,
    bar: RESTART_BAR_MS,
    holds: median(times) <= RESTART_BAR_MS,
  }
}

/** Polls until `holds`; the newcomer has events, the archivist's memory has none. */
async function untilHolds(holds: () => boolean, meanwhile: () => Promise<void>): Promise<void> {
  while (!holds()) {
    await meanwhile()
    await new Promise((resolve) => setTimeout(resolve, MEMORY_INTERVAL_MS))
  }
}

async function measureNewcomer(fixture: ArchiveFixture, { entryCount, report }: Measuring): Promise<Result> {
  const signaling = await startServer({ ...DEFAULT_CONFIG, port: 0, logLevel: 'error' })
  const url = `${signaling.url.replace('http', 'ws')}/v1`
  const archivist = await ArchivistProcess.spawn(fixture.dir, url)
  let mostBytes = 0
  const sample = async () => {
    mostBytes = Math.max(mostBytes, await archivist.residentBytes())
  }
  try {
    await archivist.openMs(entryCount)
    const startedMs = performance.now()
    const profile = { name: 'Eve', color: '#336699' }
    const room = await joinRoomOn(defaultPlatform(), fixture.viewerLink, { signaling: [url], profile })
    const { doc, whenLoaded } = room.document(READ_PAGE)
    await whenLoaded
    await untilHolds(() => doc.getText('t').length === READ_ENTRIES, sample)
    const pageMs = performance.now() - startedMs
    const taken = Math.min(TAKEN_ENTRIES, entryCount / 2)
    await untilHolds(() => (room.state.sync?.receivedCount ?? 0) >= taken, sample)
    const seconds = (performance.now() - startedMs) / 1000
    const perSecond = (room.state.sync?.receivedCount ?? taken) / seconds
    await room.close()
    report(
      `P11 newcomer: a page after ${rounded(pageMs)} ms, ${rounded(perSecond)} entries/s, ${mib(mostBytes)} MiB`,
    )
    return {
      id: 'P11',
      what: `entries/s that a newcomer in Node takes from the archivist of that room, verified one by one, the first ${taken} (a page of ${READ_ENTRIES} entries is there after ${rounded(pageMs)} ms; the archivist has ${mib(mostBytes)} MiB resident at most)`,
      ours: rounded(perSecond),
      peer: null,
      ratio: null,
      bar: null,
      holds: null,
    }
  } finally {
    await archivist.stop()
    await signaling.close()
  }
}

export async function measureArchivist(measuring: Measuring): Promise<Result[]> {
  const remove = await bundleArchivist()
  try {
    const fixture = await archiveFixture(measuring.entryCount, addRoom)
    return [await measureRestart(fixture, measuring), await measureNewcomer(fixture, measuring)]
  } finally {
    await remove()
  }
}
