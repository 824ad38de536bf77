/** `npm run bench -- [--only P5,P6] [--json FILE] [--rounds N] [--peers 2,8] [--scale 0.1]`: a table, and the same as JSON. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Bench } from './bench.ts'
import { bundlePages } from './browser/bundle.ts'
import { servePages } from './browser/page-server.ts'
import { startOurs, startYWebrtc } from './contenders.ts'
import { joinBench } from './p5-join.ts'
import { keystrokeBench } from './p6-keystroke.ts'
import { signalingBench } from './p7-signaling.ts'
import { scaleBench } from './p8-scale.ts'
import { entryBench } from './p9-entry.ts'
import { archivistBench } from './p11-archivist.ts'
import { type Result, table } from './results.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'P5,P6' },
    json: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    peers: { type: 'string', default: '2,8' },
    /** Of the large room in P11. */
    scale: { type: 'string', default: '1' },
  },
})

function wholeNumber(text: string, least: number, most: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < least || number > most)
    throw new RangeError(`expected a whole number from ${least} to ${most}, not ${text}`)
  return number
}

function share(text: string): number {
  const number = Number(text)
  if (!(number >= 0.001 && number <= 1)) throw new RangeError(`expected a share of 0.001 to 1, not ${text}`)
  return number
}

const benches: ReadonlyMap<string, Bench> = new Map([
  ['P5', joinBench],
  ['P6', keystrokeBench(values.peers.split(',').map((count) => wholeNumber(count, 2, 16)))],
  ['P7', signalingBench],
  ['P8', scaleBench],
  ['P9', entryBench],
  ['P11', archivistBench(share(values.scale))],
])
const rounds = wholeNumber(values.rounds, 1, 100)
const chosen = values.only.split(',').map((id) => {
  const bench = benches.get(id)
  if (!bench) throw new RangeError(`there is no benchmark ${id}; there are ${[...benches.keys()].join(', ')}`)
  return bench
})

const folder = await mkdtemp(join(tmpdir(), 'parley-bench-pages-'))
await bundlePages(folder)
const pages = await servePages(folder)
const ours = await startOurs(pages)
const yWebrtc = await startYWebrtc()
try {
  const results: Result[] = []
  for (const bench of chosen) {
    results.push(...(await bench({ pages, ours, yWebrtc, rounds, report: (line) => console.log(line) })))
  }
  console.log(`\n${table(results)}`)
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`)
} finally {
  await Promise.all([ours.close(), yWebrtc.close(), pages.close()])
  await rm(folder, { recursive: true, force: true })
}
