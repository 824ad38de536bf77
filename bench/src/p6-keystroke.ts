/** P6: from a keystroke to the character in another browser's document, over WebRTC. */
import { type Bench, type BenchContext, inTurns } from './bench.ts'
import { KEYSTROKES, type KeystrokeRun, runKeystrokes } from './keystroke-run.ts'
import { median, percentile, spread } from './measure/statistics.ts'
import { type Result, rounded } from './results.ts'

/** Most that our median may be of y-webrtc's, by number of peers. */
const BARS: ReadonlyMap<number, number> = new Map([
  [2, 1.1],
  [8, 1.0],
  [16, 1.0],
])

interface Runs {
  readonly ours: KeystrokeRun[]
  readonly peer: KeystrokeRun[]
}

type Figure = (run: KeystrokeRun) => number

const p50: Figure = ({ delaysMs }) => percentile(delaysMs, 0.5)
const p99: Figure = ({ delaysMs }) => percentile(delaysMs, 0.99)
const cpuPerDelivery: Figure = ({ cpuMs, delaysMs }) => cpuMs / delaysMs.length
const keystrokesOf: Figure = ({ expectedCount }) => expectedCount

function compare(runs: Runs, peers: number, what: string, figure: Figure, bar: number | null): Result {
  const ours = runs.ours.map(figure)
  const theirs = runs.peer.map(figure)
  const ratio = rounded(median(ours) / median(theirs))
  return {
    id: 'P6',
    what: `${peers} peers: ${what} (${spread(ours)} against ${spread(theirs)})`,
    ours: rounded(median(ours)),
    peer: rounded(median(theirs)),
    ratio,
    bar,
    holds: bar === null ? null : ratio <= bar && runs.ours.every(isComplete),
  }
}

function isComplete(run: KeystrokeRun): boolean {
  return run.delaysMs.length === run.expectedCount
}

function resultsOf(runs: Runs, peers: number): Result[] {
  const perKey = (pick: Figure): Figure => {
    return (run) => pick(run) / (keystrokesOf(run) / (peers - 1))
  }
  const title = `keystroke to another page, ms; ${KEYSTROKES}, medians over ${runs.ours.length} rounds`
  return [
    compare(runs, peers, `p50 ${title}`, p50, BARS.get(peers) ?? null),
    compare(runs, peers, 'p99 of the same, ms', p99, null),
    compare(runs, peers, 'CPU ms of the browser per delivery', cpuPerDelivery, null),
    compare(
      runs,
      peers,
      'channel messages of all pages per keystroke',
      perKey((run) => run.wire.messages),
      null,
    ),
    compare(
      runs,
      peers,
      'channel bytes of all pages per keystroke',
      perKey((run) => run.wire.bytes),
      null,
    ),
    compare(
      runs,
      peers,
      'delivered share of keystrokes, %',
      (run) => (100 * run.delaysMs.length) / run.expectedCount,
      null,
    ),
  ]
}

async function measure(context: BenchContext, peers: number): Promise<Result[]> {
  const runs: Runs = { ours: [], peer: [] }
  for (let round = 0; round < context.rounds; round++) {
    for (const contender of inTurns(round, [context.ours, context.yWebrtc])) {
      const run = await runKeystrokes(context.pages, contender, peers)
      runs[contender === context.ours ? 'ours' : 'peer'].push(run)
      const clocks = `clocks within ${rounded(run.clockSpreadMs)} ± ${rounded(run.clockErrorMs)} ms`
      context.report(
        `P6 ${peers} peers, round ${round + 1}, ${contender.page}: p50 ${rounded(p50(run))} ms, ` +
          `p99 ${rounded(p99(run))} ms, ${run.delaysMs.length}/${run.expectedCount} delivered, ` +
          `${run.linkEnds} link ends, ${clocks}`,
      )
    }
  }
  return resultsOf(runs, peers)
}

/** Nobody sets a caret; each library's presence is otherwise as it comes. Ours signs, encrypts and stores. */
export function keystrokeBench(peerCounts: readonly number[]): Bench {
  return async (context) => {
    const results: Result[] = []
    for (const peers of peerCounts) results.push(...(await measure(context, peers)))
    return results
  }
}
