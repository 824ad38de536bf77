import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { seededFraction } from '../testing/honest-traffic.ts'
import { rawItem, rawUpdate } from '../testing/raw-update.ts'
import { type FoldLog, foldDocument } from './fold.ts'
import { readingDigest } from './reading-digest.ts'
import { applyRemote, REMOTE } from './remote-apply.ts'

const noYield = () => Promise.resolve()

function hash(first: number): Uint8Array {
  return new Uint8Array(32).fill(first)
}

function text(client: number, clock: number, value: string, origin?: [number, number]): Uint8Array {
  const place = origin ? { origin: { client: origin[0], clock: origin[1] } } : {}
  return rawUpdate([{ client, clock, structs: [rawItem(new Y.ContentString(value), place)] }])
}

function log(rank: number, clientId: number, ...updates: Uint8Array[]): FoldLog {
  return { hash: hash(rank), clientId, updates, standing: updates.length }
}

async function reads(logs: readonly FoldLog[]): Promise<string> {
  return (await foldDocument(logs, noYield)).doc.getText('text').toString()
}

/** Between two letters of client 1, in any order that a forger likes. */
function between(value: string, left: number, right: number): Uint8Array {
  const origin = { client: 1, clock: left }
  return rawItem(new Y.ContentString(value), { origin, rightOrigin: { client: 1, clock: right } })
}

function clientOf(update: Uint8Array): number {
  return Y.decodeUpdate(update).structs[0]?.id.client ?? 0
}

describe('the canonical fold', () => {
  it('[FD1] applies what waited once the other log has come so far', async () => {
    const logs = [
      log(1, 11, text(11, 0, 'b', [22, 1])),
      log(2, 22, text(22, 0, 'a'), text(22, 1, 'A', [22, 0])),
    ]
    const { doc, applied, refused } = await foldDocument(logs, noYield)
    expect(doc.getText('text').toString()).toBe('aAb')
    expect(applied).toEqual([1, 2])
    expect(refused).toEqual([])
  })

  it('leaves waiting what nobody has, and everything behind it in that log', async () => {
    const logs = [log(1, 11, text(11, 0, 'x'), text(11, 1, 'y', [99, 0]), text(11, 2, 'z', [11, 0]))]
    const { doc, applied, refused } = await foldDocument(logs, noYield)
    expect(doc.getText('text').toString()).toBe('x')
    expect({ applied, refused }).toEqual({ applied: [1], refused: [] })
  })

  it('[GT6] a refusal cuts its log there and no other', async () => {
    const logs = [
      log(1, 11, text(11, 0, 'x'), text(12, 0, 'spoofed'), text(11, 1, 'never', [11, 0])),
      log(2, 22, text(22, 0, 'y', [11, 0])),
    ]
    const { doc, applied, refused } = await foldDocument(logs, noYield)
    expect(doc.getText('text').toString()).toBe('xy')
    expect(applied).toEqual([1, 1])
    expect(refused).toEqual([{ log: 0, update: 1, fault: 'foreign-client' }])
  })

  it('[FD1] [F30] of two logs with one clientID the lower hash stands, in whatever order they are given', async () => {
    const logs = [log(9, 11, text(11, 0, 'higher')), log(3, 11, text(11, 0, 'lower'))]
    const { refused, applied } = await foldDocument(logs, noYield)
    expect(refused).toEqual([{ log: 0, update: 0, fault: 'client-taken' }])
    expect(applied).toEqual([0, 1])
    expect(await reads(logs)).toBe('lower')
    expect(await reads(logs.toReversed())).toBe('lower')
  })

  it('[FD1] [F32] forged orders of origins make live documents differ, and every fold equal', async () => {
    const base = text(1, 0, 'abc')
    const live = (updates: readonly Uint8Array[]) => {
      const doc = new Y.Doc()
      for (const update of updates) applyRemote(doc, update)
      return Buffer.from(readingDigest(doc)).toString('hex')
    }
    const fraction = seededFraction(32)
    const below = (count: number) => Math.floor(fraction() * count)
    let partedCount = 0
    for (let round = 0; round < 300; round++) {
      const clients = [2, 3, 5, 7, 9]
      const updates = clients.map((client, i) => {
        const left = below(2)
        // The first is the forger's: its right origin is not right of its left one.
        const item = i === 0 ? between('F', left, below(left + 1)) : between(`${client}`, left, left + 1)
        return rawUpdate([{ client: client * (i === 0 ? 1 + below(5) : 1) + 100, clock: 0, structs: [item] }])
      })
      const orders = [updates, updates.toReversed(), [...updates.slice(2), ...updates.slice(0, 2)]]
      if (new Set(orders.map((order) => live([base, ...order]))).size > 1) partedCount++
      const logs = [log(50, 1, base), ...updates.map((update, i) => log(i, clientOf(update), update))]
      const { refused, applied } = await foldDocument(logs, noYield)
      expect(refused.filter(({ fault }) => fault !== 'client-taken')).toEqual([])
      expect(applied.reduce((sum, count) => sum + count)).toBe(logs.length - refused.length)
      expect(await reads(logs)).toBe(await reads(logs.toReversed()))
    }
    expect(partedCount).toBeGreaterThan(0)
  })

  it('[F41] a cut emoji reads differently at its author; the fold reads the same everywhere', async () => {
    const author = new Y.Doc()
    author.clientID = 11
    const updates: Uint8Array[] = []
    author.on('update', (update: Uint8Array) => updates.push(update))
    author.getText('text').insert(0, 'a\ud83d')
    const { doc } = await foldDocument([log(1, 11, ...updates)], noYield)
    expect(doc.getText('text').toString()).toBe('a\ufffd')
    expect(readingDigest(doc)).not.toEqual(readingDigest(author))
    const again = await foldDocument([log(1, 11, ...updates)], noYield)
    expect(readingDigest(again.doc)).toEqual(readingDigest(doc))
  })

  it('[F38] what makes Yjs throw costs its own log alone', async () => {
    const good = text(22, 0, 'good')
    const bad = text(11, 4, 'bad', [11, 3])
    const logs = [log(1, 11, text(11, 0, 'fine'), bad), log(2, 22, good)]
    const original = Y.ContentString.prototype.integrate
    Y.ContentString.prototype.integrate = function (this: Y.ContentString, ...args) {
      if (this.str === 'bad') throw new Error('as if Yjs failed')
      original.apply(this, args)
    }
    try {
      const { doc, applied, refused } = await foldDocument(logs, noYield)
      expect(refused).toEqual([{ log: 0, update: 1, fault: 'apply-threw' }])
      expect(applied).toEqual([1, 1])
      expect(doc.getText('text').toString().length).toBe('finegood'.length)
    } finally {
      Y.ContentString.prototype.integrate = original
    }
  })

  it('yields to the host while it works, and every update counts', async () => {
    const updates = Array.from({ length: 5000 }, (_, clock) =>
      text(11, clock, 'x', clock === 0 ? undefined : [11, clock - 1]),
    )
    let yields = 0
    const { applied } = await foldDocument([log(1, 11, ...updates)], async () => void yields++)
    expect(applied).toEqual([5000])
    expect(yields).toBeGreaterThan(8)
  })

  it('answers with a document whose observers and clientID nobody has touched', async () => {
    const { doc } = await foldDocument([log(1, 11, text(11, 0, 'x'))], noYield)
    let origin: unknown
    doc.on('update', (_update: Uint8Array, from: unknown) => {
      origin = from
    })
    applyRemote(doc, text(22, 0, 'y'))
    expect(origin).toBe(REMOTE)
    expect(doc.clientID).not.toBe(11)
  })
})
