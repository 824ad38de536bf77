/** P9: verifying, opening and judging one entry in Chromium. No other library does it, so there is no peer. */
import type { Bench } from './bench.ts'
import { launch } from './browser/chromium.ts'
import { median, percentile, spread } from './measure/statistics.ts'
import type { EntryPathPage } from './pages/entry-path.ts'
import { type Result, rounded } from './results.ts'

declare const bench: EntryPathPage

const COUNT = 1_000
const WARM_UP_COUNT = 200
const BAR_MS = 0.5
const KINDS = [
  { kind: 'keystroke', name: 'a keystroke' },
  { kind: 'paste', name: 'a paste of 1 kB' },
] as const

export const entryBench: Bench = async ({ pages, rounds, report }) => {
  const results: Result[] = []
  for (const { kind, name } of KINDS) {
    const p50s: number[] = []
    const p95s: number[] = []
    for (let round = 0; round < rounds; round++) {
      const browser = await launch(pages)
      try {
        const page = await browser.open('entry-path', 0)
        const tookMs = await page.evaluate(([what, count, warm]) => bench.measure(what, count, warm), [
          kind,
          COUNT,
          WARM_UP_COUNT,
        ] as const)
        p50s.push(percentile(tookMs, 0.5))
        p95s.push(percentile(tookMs, 0.95))
      } finally {
        await browser.close()
      }
      report(
        `P9 ${name}, round ${round + 1}: p50 ${rounded(p50s.at(-1) ?? 0)} ms, p95 ${rounded(p95s.at(-1) ?? 0)} ms`,
      )
    }
    const what = `verify, open and gate of ${name}, ms; ${COUNT} entries a round, medians over ${rounds}`
    const p50: Result = {
      ...{ id: 'P9', what: `p50 to ${what} (${spread(p50s)})`, ours: rounded(median(p50s)) },
      ...{ peer: null, ratio: null, bar: null, holds: null },
    }
    const p95: Result = {
      ...{ id: 'P9', what: `p95 to ${what} (${spread(p95s)})`, ours: rounded(median(p95s)) },
      ...{ peer: null, ratio: null, bar: BAR_MS, holds: median(p95s) <= BAR_MS },
    }
    results.push(p50, p95)
  }
  return results
}
