import { CLOSE, encodeFrame, type Frame, type KeyId } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { chainCostMs, frameCostMs, workOf } from './journal/work-costs.ts'
import { LINK_WASTE } from './limits.ts'
import type { Lane } from './link/chunk.ts'
import { fakeLink, makeLinks } from './testing/fake-links.ts'

const HASH = new Uint8Array(32)
const STUB = { header: new Uint8Array(90), bodyHash: HASH, signature: new Uint8Array(64) }

describe('links of a room', () => {
  it('[WK1] charge every frame to the key of its link, by the table', async () => {
    const { house, clock, links } = makeLinks('charge')
    const { receive, proven } = fakeLink('mallory', 1)
    const other = links.attach(fakeLink('ben', 2).proven)
    const { work } = links.attach(proven)
    const ada = await house.room.device('owner', 'ada')
    const { entry } = await house.write(ada, 'x')
    const frames: [Frame, Lane][] = [
      [{ type: 'digest', root: HASH, buckets: null }, 'control'],
      [{ type: 'presence', sealed: new Uint8Array(900) }, 'presence'],
      [{ type: 'heads', answer: false, buckets: new Uint8Array(), heads: [] }, 'sync'],
      [{ type: 'proof', first: STUB, second: STUB }, 'control'],
      [{ type: 'entry', entry: entry.bytes }, 'live'],
      [{ type: 'entry', entry: entry.bytes }, 'sync'],
      [{ type: 'author', chain: ada.chainBytes }, 'sync'],
    ]
    let expected = 0
    for (const [frame, lane] of frames) {
      receive(frame, lane)
      expected += workOf(frame.type, encodeFrame(frame).length)
      expect(work.spentMs).toBeCloseTo(expected, 9)
    }
    await clock.settle()
    expect(other.work.spentMs).toBe(0)
  })

  it('[WK3] charge what applying took to the key that wrote it, if it has a link', () => {
    const { links } = makeLinks('apply')
    const { work } = links.attach(fakeLink('mallory', 1).proven)
    const again = links.attach(fakeLink('mallory', 2).proven)
    const carrier = links.attach(fakeLink('ben', 3).proven)
    links.charge('mallory' as KeyId, 100)
    links.charge('nobody' as KeyId, 100)
    expect([work.spentMs, again.work.spentMs, carrier.work.spentMs]).toEqual([100, 100, 0])
  })

  it('[WK5] close with 4429 what costs too much in vain, also when it comes back', async () => {
    const { house, clock, links } = makeLinks('waste')
    const chain = (await house.room.device('editor', 'nina')).chainBytes.slice()
    chain[chain.length - 1] = (chain.at(-1) as number) ^ 1
    const most = Math.ceil(LINK_WASTE.burstMs / chainCostMs(chain.length))
    const first = fakeLink('mallory', 1)
    links.attach(first.proven)
    for (let i = 0; i < most - 1; i++) {
      first.receive({ type: 'author', chain }, 'sync')
      await clock.settle()
    }
    expect(first.closed).toEqual([])
    first.receive({ type: 'author', chain }, 'sync')
    await clock.settle()
    expect(first.closed).toEqual([CLOSE.rate])
    expect(links.all.size).toBe(0)
    const second = fakeLink('mallory', 2)
    links.attach(second.proven)
    for (let i = 0; i < 3; i++) second.receive({ type: 'author', chain }, 'sync')
    await clock.settle()
    expect(second.closed).toEqual([CLOSE.rate])
  })

  it('[WK5] nobody is closed for the doubles that come until a PRUNE does', async () => {
    const { house, clock, links } = makeLinks('doubles')
    const ada = await house.room.device('owner', 'ada')
    await house.authors.learn(ada.chainBytes)
    const written = await house.writeLog(ada, 200)
    const [one, two] = [fakeLink('ben', 1), fakeLink('cleo', 2)]
    for (const { proven } of [one, two]) links.attach(proven)
    for (const { entry } of written) {
      for (const { receive } of [one, two]) receive({ type: 'entry', entry: entry.bytes }, 'live')
      await clock.settle()
    }
    expect([one.closed, two.closed]).toEqual([[], []])
    expect(200 * frameCostMs(300)).toBeLessThan(LINK_WASTE.burstMs)
  })
})
