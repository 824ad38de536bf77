import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { SLICE_STEPS, SLICE_STRUCTS } from '../limits.ts'
import { honestEdit, honestRoots, seededFraction } from '../testing/honest-traffic.ts'
import { rawItem, rawUpdate } from '../testing/raw-update.ts'
import { ApplySlices } from './apply-slices.ts'
import { foldDocument } from './fold.ts'
import { inRemoteTransaction } from './remote-apply.ts'

const ADA = 1_000
const MALLORY = 1_001

/** As the applier does it; returns how many structs each slice had. */
function applyInSlices(doc: Y.Doc, update: Uint8Array): number[] {
  const slices = ApplySlices.of(doc, update)
  if (!slices) {
    Y.applyUpdate(doc, update)
    return [Y.decodeUpdate(update).structs.length]
  }
  const counts: number[] = []
  while (!slices.isDone) {
    const slice = slices.next()
    counts.push(Y.decodeUpdate(slice).structs.length)
    inRemoteTransaction(doc, (apply) => apply(slice))
  }
  return counts
}

function textOf(characters: number): Y.Doc {
  const doc = new Y.Doc()
  doc.clientID = ADA
  doc.getText('text').insert(0, 'x'.repeat(characters))
  return doc
}

/** Each item says that it stands anywhere before the i-th character: all that came before lie in between. */
function conflicts(count: number): Uint8Array {
  const structs = Array.from({ length: count }, (_, i) =>
    rawItem(new Y.ContentString('a'), { rightOrigin: { client: ADA, clock: i } }),
  )
  return rawUpdate([{ client: MALLORY, clock: 0, structs }])
}

describe('an update that takes long to find its places', () => {
  it('[FD6] [F35] is applied in slices of bounded work, and reads as if it had been applied at once', () => {
    const count = 2_400
    const update = conflicts(count)
    const whole = textOf(count)
    Y.applyUpdate(whole, update)
    const doc = textOf(count)
    const counts = applyInSlices(doc, update)
    expect(counts.reduce((sum, n) => sum + n, 0)).toBe(count)
    expect(doc.getText('text').toString()).toBe(whole.getText('text').toString())
    // The i-th item passes about i others.
    let applied = 0
    for (const n of counts) {
      expect(n === 1 || n * applied).toBeLessThanOrEqual(SLICE_STEPS)
      applied += n
    }
    expect(counts.length).toBeGreaterThan((count * count) / 2 / SLICE_STEPS)
  })

  it.each([
    [
      'under one key',
      (i: number) => ({ key: 'k', ...(i > 0 && { origin: { client: ADA, clock: i % 500 } }) }),
    ],
    ['before its own', (i: number) => (i === 0 ? {} : { rightOrigin: { client: MALLORY, clock: 0 } })],
    ['behind its own first', (i: number) => (i === 0 ? {} : { origin: { client: MALLORY, clock: 0 } })],
    [
      'a chain across everything',
      (i: number) => ({
        ...(i > 0 && { origin: { client: MALLORY, clock: i - 1 } }),
        rightOrigin: { client: ADA, clock: 500 },
      }),
    ],
  ])('[F35] the same, each %s', (_, place) => {
    const base = new Y.Doc()
    base.clientID = ADA
    for (let i = 0; i < 500; i++) base.getMap('map').set('k', i)
    // Written backwards: an item each, the last one the first.
    for (let i = 0; i < 2_000; i++) base.getText('text').insert(0, 'x')
    const isKeyed = place(0).constructor === Object && 'key' in place(0)
    const structs = Array.from({ length: 900 }, (_value, i) => {
      const parent = isKeyed ? 'map' : 'text'
      return rawItem(new Y.ContentString('a'), { parent, ...place(i) })
    })
    const update = rawUpdate([{ client: MALLORY, clock: 0, structs }])
    const copies = [new Y.Doc(), new Y.Doc()] as const
    for (const copy of copies) Y.applyUpdate(copy, Y.encodeStateAsUpdate(base))
    Y.applyUpdate(copies[0], update)
    expect(applyInSlices(copies[1], update).length).toBeGreaterThan(1)
    for (const doc of copies) {
      doc.getText('text')
      doc.getMap('map')
    }
    expect(copies[1].toJSON()).toEqual(copies[0].toJSON())
  })

  it('[F55] what somebody typed or pasted at one place is one slice up to its limit', () => {
    const doc = textOf(100)
    const structs = Array.from({ length: 3 * SLICE_STRUCTS }, (_, i) => {
      const origin = i === 0 ? { client: ADA, clock: 49 } : { client: MALLORY, clock: i - 1 }
      return rawItem(new Y.ContentString('a'), { origin, rightOrigin: { client: ADA, clock: 50 } })
    })
    const counts = applyInSlices(doc, rawUpdate([{ client: MALLORY, clock: 0, structs }]))
    expect(counts).toEqual([SLICE_STRUCTS, SLICE_STRUCTS, SLICE_STRUCTS])
  })

  it('[FD6] [F35] a fold takes as many turns, and its copy is made in them', async () => {
    const count = 2_400
    const log = (byte: number, clientId: number, update: Uint8Array) => {
      return { hash: new Uint8Array(32).fill(byte), clientId, updates: [update], standing: 1 }
    }
    const logs = [log(1, ADA, Y.encodeStateAsUpdate(textOf(count))), log(2, MALLORY, conflicts(count))]
    let turns = 0
    const folded = await foldDocument(logs, async () => void turns++, true)
    expect(folded.applied).toEqual([1, 1])
    expect(turns).toBeGreaterThan((count * count) / 2 / SLICE_STEPS)
    const text = folded.doc.getText('text').toString()
    expect(text.length).toBe(2 * count)
    expect(folded.mirror?.getText('text').toString()).toBe(text)
  })

  it('deletions come with the last slice', () => {
    const doc = textOf(3_000)
    const update = conflicts(3_000)
    const deleting = Y.mergeUpdates([update, rawUpdate([], [[ADA, [[0, 3_000]]]])])
    applyInSlices(doc, deleting)
    expect(doc.getText('text').toString()).toBe('a'.repeat(3_000))
  })

  it('200 seeds of honest transactions read the same, sliced or not', () => {
    for (let seed = 0; seed < 200; seed++) {
      const fraction = seededFraction(seed)
      const author = new Y.Doc()
      author.clientID = ADA
      honestRoots(author)
      const whole = new Y.Doc()
      const sliced = new Y.Doc()
      for (let step = 0; step < 6; step++) {
        const before = Y.encodeStateVector(author)
        author.transact(() => {
          for (let i = 0; i < 40; i++) honestEdit(author, fraction)
        })
        const update = Y.encodeStateAsUpdate(author, before)
        Y.applyUpdate(whole, update)
        applyInSlices(sliced, update)
      }
      for (const doc of [whole, sliced]) honestRoots(doc)
      expect(sliced.toJSON()).toEqual(whole.toJSON())
    }
  })
})
