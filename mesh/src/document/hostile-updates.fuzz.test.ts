import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { HonestRoom } from '../testing/honest-peers.ts'
import { type Fraction, seededFraction } from '../testing/honest-traffic.ts'
import { RunFigures } from '../testing/run-figures.ts'
import { readingDigest } from './reading-digest.ts'
import { applyRemote } from './remote-apply.ts'
import { checkUpdate } from './update-gate.ts'
import { holdsBack } from './yjs-internals.ts'

const FRAMES = process.env['PARLEY_LONG'] === '1' ? 1_000_000 : 20_000
const SEED = Number(process.env['PARLEY_SEED'] ?? 25)

interface Sample {
  readonly update: Uint8Array
  readonly clientId: number
}

/** What becomes of the first update; `pick` gives others. */
type Mutate = (first: Uint8Array, pick: () => Sample, fraction: Fraction) => Uint8Array

function below(fraction: Fraction, count: number): number {
  return Math.floor(fraction() * count)
}

const MUTATIONS: readonly Mutate[] = [
  (_first, _pick, fraction) => Uint8Array.from({ length: below(fraction, 60) }, () => below(fraction, 256)),
  (first, _pick, fraction) => first.slice(0, below(fraction, first.length)),
  flipped,
  flipped,
  flipped,
  // The head of one author's update and the tail of another's.
  (first, pick, fraction) => {
    const { update } = pick()
    const head = first.slice(0, below(fraction, first.length))
    return Uint8Array.from([...head, ...update.slice(below(fraction, update.length))])
  },
  (first, pick) => Y.mergeUpdates([first, pick().update]),
]

function flipped(first: Uint8Array, _pick: () => Sample, fraction: Fraction): Uint8Array {
  const out = first.slice()
  for (let left = 1 + below(fraction, 4); left > 0; left--)
    out[below(fraction, out.length)] = below(fraction, 256)
  return out
}

/** A room in the middle of its work: the document of one peer, and updates that it has, lacks, and could apply. */
function corpus(fraction: Fraction): { state: Uint8Array; samples: Sample[] } {
  const room = new HonestRoom(4, fraction)
  for (let i = 0; i < 80; i++) {
    room.somePeer().edit(fraction)
    room.deliver(room.somePeer(), room.somePeer(), 5)
  }
  const [reader, ...others] = room.peers
  if (reader === undefined) throw new Error('a room has peers')
  const samples = others.flatMap((peer) => {
    const head = reader.heads.get(peer) ?? 0
    const near = peer.updates.slice(Math.max(0, head - 2), head + 3)
    return [...near, ...near, ...peer.updates].map((update) => ({ update, clientId: peer.clientId }))
  })
  return { state: Y.encodeStateAsUpdate(reader.doc), samples }
}

function docOf(state: Uint8Array): Y.Doc {
  const doc = new Y.Doc()
  applyRemote(doc, state)
  return doc
}

it(`[F25] ${FRAMES} malformed updates: no throw, no change unless the gate says apply (seed ${SEED})`, () => {
  const fraction = seededFraction(SEED)
  const figures = new RunFigures(`malformed updates, seed ${SEED}`)
  const counts = { apply: 0, wait: 0, refuse: 0 }
  for (let frame = 0; frame < FRAMES; ) {
    const { state, samples } = corpus(fraction)
    const doc = docOf(state)
    let events = 0
    doc.on('beforeTransaction', () => events++)
    const pick = () => samples[below(fraction, samples.length)] as Sample
    for (const end = Math.min(FRAMES, frame + 2000); frame < end; frame++) {
      const first = pick()
      const mutate = MUTATIONS[below(fraction, MUTATIONS.length)] as Mutate
      const update = mutate(first.update, pick, fraction)
      const { verdict } = checkUpdate(doc, update, first.clientId)
      counts[verdict]++
      if (verdict === 'apply') expectHarmless(docOf(state), update, frame)
    }
    expect(events).toBe(0)
    expect(holdsBack(doc)).toBe(false)
    expect(readingDigest(doc)).toEqual(readingDigest(docOf(state)))
  }
  // Some of each kind, or the corpus proves nothing.
  for (const count of Object.values(counts))
    expect(count, JSON.stringify(counts)).toBeGreaterThan(FRAMES / 200)
  const mean = `${(figures.elapsedMs / FRAMES).toFixed(3)} ms`
  figures.print({ updates: FRAMES, ...counts, changes: 0, 'mean, corpus and all': mean })
  if (figures.isExact) expect(figures.grownMegabytes).toBeLessThan(50)
}, 3_600_000)

function expectHarmless(doc: Y.Doc, update: Uint8Array, frame: number): void {
  const where = `frame ${frame}: ${Buffer.from(update).toString('hex')}`
  expect(() => applyRemote(doc, update), where).not.toThrow()
  expect(holdsBack(doc), where).toBe(false)
  expect(() => readingDigest(doc), where).not.toThrow()
}
