/** Honest updates of several authors in any order: none refused, none stuck, everybody reads what the fold reads. */
import { expect, it } from 'vitest'
import { HonestRoom } from '../testing/honest-peers.ts'
import { type Fraction, seededFraction } from '../testing/honest-traffic.ts'
import { RunFigures } from '../testing/run-figures.ts'
import { foldDocument } from './fold.ts'
import { readingDigest } from './reading-digest.ts'
import { holdsBack } from './yjs-internals.ts'

const UPDATES = process.env['PARLEY_LONG'] === '1' ? 1_000_000 : 4_000
const FIRST_SEED = Number(process.env['PARLEY_SEED'] ?? 1)
/** Edits in one room: larger ones spend their time in the generator, which walks the document. */
const EDITS_PER_ROOM = 400

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** Some write for long without hearing of others, then hear of many at once. */
function write(room: HonestRoom, fraction: Fraction): void {
  for (let i = 0; i < EDITS_PER_ROOM; i++) {
    room.somePeer().edit(fraction)
    if (fraction() < 0.3) room.deliver(room.somePeer(), room.somePeer(), 1 + Math.floor(fraction() * 40))
  }
}

interface Counts {
  written: number
  applied: number
  waits: number
  rooms: number
}

async function playRoom(seed: number, counts: Counts): Promise<void> {
  const fraction = seededFraction(seed)
  const room = new HonestRoom(3 + (seed % 4), fraction)
  write(room, fraction)
  expect(room.deliverAll(), `seed ${seed}: stuck`).toBe(true)
  expect(room.refused, `seed ${seed}: refused`).toEqual([])
  const fold = await foldDocument(room.logs(), () => Promise.resolve())
  expect(fold.refused, `seed ${seed}: fold`).toEqual([])
  const readings = new Set(room.peers.map((peer) => hex(readingDigest(peer.doc))))
  expect([...readings], `seed ${seed}: diverged`).toEqual([hex(readingDigest(fold.doc))])
  for (const peer of room.peers) expect(holdsBack(peer.doc), `seed ${seed}: pending`).toBe(false)
  counts.rooms++
  counts.written += room.peers.reduce((sum, peer) => sum + peer.updates.length, 0)
  counts.applied += room.applyCount
  counts.waits += room.waitCount
  for (const peer of room.peers) peer.doc.destroy()
}

it(`[GT5] [FD1] ${UPDATES} honest updates out of order over 3 to 6 peers: 0 refused, 0 stuck, 0 diverged`, async () => {
  const figures = new RunFigures('honest updates out of order')
  const counts: Counts = { written: 0, applied: 0, waits: 0, rooms: 0 }
  for (let seed = FIRST_SEED; counts.written < UPDATES; seed++) {
    await playRoom(seed, counts)
    if (counts.rooms % 50 !== 0) continue
    figures.sample()
    // The runner expects to be answered within a minute.
    await new Promise((resolve) => setImmediate(resolve))
  }
  figures.print({ 'first seed': FIRST_SEED, ...counts, refused: 0, stuck: 0, diverged: 0 })
  expect(counts.applied).toBeGreaterThan(UPDATES)
  expect(counts.waits).toBeGreaterThan(counts.rooms)
}, 7_200_000)
