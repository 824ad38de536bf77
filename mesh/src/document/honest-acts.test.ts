import { describe, expect, it } from 'vitest'
import { type HonestPeer, HonestRoom } from '../testing/honest-peers.ts'
import { seededFraction } from '../testing/honest-traffic.ts'
import { foldDocument } from './fold.ts'
import { readingDigest } from './reading-digest.ts'
import { applyRemote } from './remote-apply.ts'
import { checkUpdate } from './update-gate.ts'
import { holdsBack } from './yjs-internals.ts'

const SEEDS = process.env['PARLEY_LONG'] === '1' ? 2000 : 120

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

async function playSeed(seed: number): Promise<{ room: HonestRoom; readings: string[]; folded: string[] }> {
  const fraction = seededFraction(seed)
  const room = new HonestRoom(3 + (seed % 4), fraction)
  for (let i = 0; i < 120; i++) {
    room.somePeer().edit(fraction)
    if (fraction() < 0.5) room.deliver(room.somePeer(), room.somePeer(), 1 + Math.floor(fraction() * 8))
  }
  expect(room.deliverAll(), `seed ${seed}: delivery`).toBe(true)
  const logs = room.logs()
  const folds = [
    await foldDocument(logs, () => Promise.resolve()),
    await foldDocument(logs.toReversed(), () => Promise.resolve()),
  ]
  for (const fold of folds) expect(fold.refused, `seed ${seed}: fold`).toEqual([])
  expect(folds[0]?.applied, `seed ${seed}`).toEqual(logs.map((log) => log.updates.length))
  return {
    room,
    readings: room.peers.map((peer) => hex(readingDigest(peer.doc))),
    folded: folds.map((fold) => hex(readingDigest(fold.doc))),
  }
}

describe('honest acts', () => {
  it(`[GT5] [FD1] [F52] [F53] [F54] ${SEEDS} seeds in random order: none refused, all read what the fold reads`, async () => {
    const liveDiffers: number[] = []
    const foldDiffers: number[] = []
    let waits = 0
    let applied = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { room, readings, folded } = await playSeed(seed)
      expect(room.refused, `seed ${seed}`).toEqual([])
      for (const peer of room.peers) expect(holdsBack(peer.doc)).toBe(false)
      expect(folded[1], `seed ${seed}: the fold depends on the order of logs`).toBe(folded[0])
      if (new Set(readings).size > 1) liveDiffers.push(seed)
      if (readings.some((reading) => reading !== folded[0])) foldDiffers.push(seed)
      waits += room.waitCount
      applied += room.applyCount
    }
    // Both kinds of event were really there, or the seeds prove nothing.
    expect(waits).toBeGreaterThan(SEEDS)
    expect(applied).toBeGreaterThan(100 * SEEDS)
    expect({ liveDiffers, foldDiffers }).toEqual({ liveDiffers: [], foldDiffers: [] })
  }, 600_000)

  it('[F54] an insert between two letters between which 6,000 others came to stand', async () => {
    const [near, far] = new HonestRoom(2, seededFraction(54)).peers as [HonestPeer, HonestPeer]
    near.doc.getText('text').insert(0, 'ab')
    applyRemote(far.doc, near.updates[0] as Uint8Array)
    far.doc.getText('text').insert(1, 'late')
    for (let i = 0; i < 6000; i++) near.doc.getText('text').insert(1 + (i % 2) * i, '.')
    const late = far.updates[0] as Uint8Array
    expect(checkUpdate(near.doc, late, far.clientId)).toEqual({ verdict: 'apply' })
    applyRemote(near.doc, late)
    const logs = [near, far].map(({ clientId, updates }, i) => ({
      hash: new Uint8Array(32).fill(i),
      clientId,
      updates,
      standing: updates.length,
    }))
    const { doc, refused } = await foldDocument(logs, () => Promise.resolve())
    expect(refused).toEqual([])
    expect(hex(readingDigest(near.doc))).toBe(hex(readingDigest(doc)))
  })
})
