/** P5: from opening a link to the complete document, beside the least that this can cost. */
import type { Page } from 'playwright-core'
import { type Bench, type BenchContext, inTurns } from './bench.ts'
import { launch } from './browser/chromium.ts'
import type { Contender } from './contenders.ts'
import { median, spread } from './measure/statistics.ts'
import type { BenchPage, Joined } from './pages/bench-page.ts'
import type { RawJoin, RawPage } from './pages/raw.ts'
import type { Sample } from './pages/samples.ts'
import { type Result, rounded } from './results.ts'

declare const bench: BenchPage

const SAMPLES: readonly { readonly name: string; readonly sample: Sample }[] = [
  { name: '1 MB, 14,000 rows', sample: { kind: 'rows', size: 14_000 } },
  { name: '1 MB of text', sample: { kind: 'text', size: 1_000_000 } },
  { name: '10 MB, 140,000 rows', sample: { kind: 'rows', size: 140_000 } },
]
const TIME_BAR = 1.25
const STALL_BAR_MS = 50
const WIRE_BAR = 0.35
const OURS_WAIT_MS = 120_000
const Y_WEBRTC_WAIT_MS = 20_000
const WRITTEN_WAIT_MS = 120_000

interface LibraryJoin extends Joined {
  /** Sent by the page that had the document. */
  readonly sentBytes: number
  readonly documentBytes: number
}

interface Runs {
  readonly ours: LibraryJoin[]
  readonly raw: RawJoin[]
  readonly yWebrtc: LibraryJoin[]
}

/** Until nothing written waits to become an entry any more: the last character typed is then in the journal. */
async function written(host: Page): Promise<void> {
  await host.waitForFunction(() => bench.isSaved(), null, { timeout: WRITTEN_WAIT_MS, polling: 100 })
}

async function joinLibrary(
  context: BenchContext,
  contender: Contender,
  sample: Sample,
  waitMs: number,
): Promise<LibraryJoin> {
  const browser = await launch(context.pages)
  try {
    const { signaling } = contender
    const host = await browser.open(contender.page, 0)
    const invite = await host.evaluate((given) => bench.enter(given), { signaling, invite: null })
    const documentBytes = await host.evaluate((given) => bench.fill(given), sample)
    await written(host)
    const guest = await browser.open(contender.page, 1)
    const before = await host.evaluate(() => bench.wire())
    const joined = await guest.evaluate(([meeting, given, ms]) => bench.join(meeting, given, ms), [
      { signaling, invite },
      sample,
      waitMs,
    ] as const)
    const after = await host.evaluate(() => bench.wire())
    return { ...joined, documentBytes, sentBytes: after.bytes - before.bytes }
  } finally {
    await browser.close()
  }
}

async function joinRaw(context: BenchContext, sample: Sample): Promise<RawJoin> {
  const browser = await launch(context.pages)
  const raw = (page: Page) => page.evaluateHandle(() => (globalThis as unknown as { bench: RawPage }).bench)
  try {
    const hostPage = await browser.open('raw', 0)
    const guestPage = await browser.open('raw', 1)
    const [host, guest] = await Promise.all([raw(hostPage), raw(guestPage)])
    await host.evaluate((page, given) => page.host(given), sample)
    const offer = await host.evaluate((page) => page.offer())
    const answer = await guest.evaluate((page, given) => page.answer(given), offer)
    await host.evaluate((page, given) => page.accept(given), answer)
    return await guest.evaluate((page, given) => page.take(given), sample)
  } finally {
    await browser.close()
  }
}

/** What never came counts as infinitely long, so that a bar over it cannot hold. */
const totalMs = ({ totalMs: ms }: Joined): number => ms ?? Number.POSITIVE_INFINITY
const stallMs = ({ stalls }: { stalls: RawJoin['stalls'] }): number =>
  Math.max(stalls.longestGapMs, stalls.longestTaskMs)
const shown = (ms: number): number | string => (Number.isFinite(ms) ? rounded(ms) : 'never')

function timeResults(name: string, { ours, raw, yWebrtc }: Runs): Result[] {
  const times = ours.map(totalMs)
  const least = raw.map(({ transferMs, applyMs }) => transferMs + applyMs)
  const afterLink = ours.map((join) => totalMs(join) - (join.linkedMs ?? 0))
  const theirs = yWebrtc.map(totalMs)
  const ratioOf = (values: readonly number[], to: readonly number[]) => rounded(median(values) / median(to))
  const ratio = ratioOf(times, least)
  return [
    {
      id: 'P5',
      what: `${name}: link opened to document complete, ms, against raw transfer + applyUpdate of a channel that is open already (${spread(times)} against ${spread(least)}; ${times.length} rounds)`,
      ours: shown(median(times)),
      peer: rounded(median(least)),
      ratio: Number.isFinite(ratio) ? ratio : null,
      bar: TIME_BAR,
      holds: ratio <= TIME_BAR,
    },
    {
      id: 'P5',
      what: `${name}: of it from the link being up, ms, against the same`,
      ours: shown(median(afterLink)),
      peer: rounded(median(least)),
      ratio: Number.isFinite(median(afterLink)) ? ratioOf(afterLink, least) : null,
      bar: null,
      holds: null,
    },
    {
      id: 'P5',
      what: `${name}: link opened to document complete, ms, against y-webrtc (waited ${Y_WEBRTC_WAIT_MS / 1000} s; ${theirs.length} tries)`,
      ours: shown(median(times)),
      peer: shown(median(theirs)),
      ratio: null,
      bar: null,
      holds: null,
    },
  ]
}

function otherResults(name: string, { ours, raw }: Runs): Result[] {
  const stalls = ours.map(stallMs)
  const wire = ours.map(({ sentBytes, documentBytes }) => sentBytes / documentBytes)
  const complete = ours.every((join) => join.totalMs !== null)
  return [
    {
      id: 'P5',
      what: `${name}: longest stall of the joining page, ms (${spread(stalls)}; raw: the one applyUpdate)`,
      ours: rounded(median(stalls)),
      peer: rounded(median(raw.map(stallMs))),
      ratio: null,
      bar: STALL_BAR_MS,
      holds: complete && median(stalls) <= STALL_BAR_MS,
    },
    {
      id: 'P5',
      what: `${name}: bytes sent to the joiner against V1 bytes of the document (${spread(wire)})`,
      ours: rounded(median(ours.map(({ sentBytes }) => sentBytes))),
      peer: rounded(median(ours.map(({ documentBytes }) => documentBytes))),
      ratio: rounded(median(wire)),
      bar: WIRE_BAR,
      holds: complete && median(wire) <= WIRE_BAR,
    },
  ]
}

async function measure(context: BenchContext, name: string, sample: Sample): Promise<Result[]> {
  const runs: Runs = { ours: [], raw: [], yWebrtc: [] }
  for (let round = 0; round < context.rounds; round++) {
    for (const who of inTurns(round, ['ours', 'raw'] as const)) {
      if (who === 'raw') runs.raw.push(await joinRaw(context, sample))
      else runs.ours.push(await joinLibrary(context, context.ours, sample, OURS_WAIT_MS))
    }
    // Waits out its full time in every try: one is enough for a yes or no.
    if (round === 0) runs.yWebrtc.push(await joinLibrary(context, context.yWebrtc, sample, Y_WEBRTC_WAIT_MS))
    const ours = runs.ours.at(-1)
    const raw = runs.raw.at(-1)
    context.report(
      `P5 ${name}, round ${round + 1}: ours ${shown(ours ? totalMs(ours) : Number.NaN)} ms ` +
        `(link up after ${rounded(ours?.linkedMs ?? Number.NaN)}), raw ${rounded(raw?.transferMs ?? Number.NaN)} + ${rounded(raw?.applyMs ?? Number.NaN)} ms`,
    )
  }
  return [...timeResults(name, runs), ...otherResults(name, runs)]
}

export const joinBench: Bench = async (context) => {
  const results: Result[] = []
  for (const { name, sample } of SAMPLES) results.push(...(await measure(context, name, sample)))
  return results
}
