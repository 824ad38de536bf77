/** Nonsense by the million, each frame on a link that is open: codec and handlers, without the cost of handshakes. */
import { CLOSE, encodeFrame } from '@parley/protocol'
import { arbitraryFrame } from '@parley/protocol/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Lane } from './link/chunk.ts'
import { fakeLink, makeLinks } from './testing/fake-links.ts'
import { seededFraction } from './testing/honest-traffic.ts'
import { mutated } from './testing/mutated-bytes.ts'
import { RunFigures } from './testing/run-figures.ts'

const FRAMES = process.env['PARLEY_LONG'] === '1' ? 1_000_000 : 20_000
const SEED = 77
const LANES: readonly Lane[] = ['control', 'live', 'sync', 'presence']
const SETTLE_FRAMES = 100

it(`[F25] ${FRAMES} malformed frames through codec and handlers, a fresh link after each close: no crash, nothing taken`, async () => {
  const { house, clock, links } = makeLinks('malformed')
  const { entry } = await house.write(await house.room.device('owner', 'ada'), 'kept')
  const kept = house.journal.entryCount
  const fraction = seededFraction(SEED)
  const corpus = fc.sample(arbitraryFrame, { seed: SEED, numRuns: 400 }).map(encodeFrame)
  corpus.push(encodeFrame({ type: 'entry', entry: entry.bytes }))
  const ends = new Map<number, number>()
  const figures = new RunFigures(`malformed frames through codec and handlers, seed ${SEED}`)
  let linkCount = 0
  let link = fakeLink('mallory', 0)
  links.attach(link.proven)
  for (let count = 1; count <= FRAMES; count++) {
    const [code] = link.closed
    if (code !== undefined) {
      ends.set(code, (ends.get(code) ?? 0) + 1)
      link = fakeLink(`mallory ${++linkCount}`, linkCount)
      links.attach(link.proven)
    }
    const frame = mutated(corpus[Math.floor(fraction() * corpus.length)] as Uint8Array, fraction)
    link.receiveBytes(frame, LANES[Math.floor(fraction() * LANES.length)] as Lane)
    if (count % SETTLE_FRAMES === 0) await clock.runFor(100)
    if (count % 50_000 === 0) figures.sample()
  }
  await clock.settle()
  const mean = `${(figures.elapsedMs / FRAMES).toFixed(4)} ms`
  figures.print({ frames: FRAMES, links: linkCount, ends: JSON.stringify(Object.fromEntries(ends)), mean })
  expect(ends.get(CLOSE.malformed)).toBeGreaterThan(FRAMES / 4)
  for (const code of ends.keys()) expect([CLOSE.malformed, CLOSE.tooLarge, CLOSE.rate]).toContain(code)
  expect(house.journal.entryCount).toBe(kept)
  if (figures.isExact) expect(figures.grownMegabytes).toBeLessThan(50)
}, 600_000)
