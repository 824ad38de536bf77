import { describe, expect, it } from 'vitest'
import { LINK_WASTE, LINK_WORK } from '../limits.ts'
import { LinkWork, LinkWorks } from './link-work.ts'

const LIMIT = { perSecondMs: 200, burstMs: 1_000, owedMs: 400 }
const WASTE = { perSecondMs: 10, burstMs: 50, owedMs: 0 }

describe('the work of a key', () => {
  it('[WK4] waits once the burst is spent, as long as the share takes to make up for it', () => {
    const work = new LinkWork(0, LIMIT, WASTE)
    work.charge(1_000, 0)
    expect(work.waitMs(0)).toBe(0)
    work.charge(100, 0)
    expect(work.waitMs(0)).toBe(500)
    expect(work.waitMs(200)).toBe(300)
    expect(work.waitMs(500)).toBe(0)
    expect(work.spentMs).toBe(1_100)
  })

  it('[WK4] comes back to the burst and no further', () => {
    const work = new LinkWork(0, LIMIT, WASTE)
    work.charge(1_000, 0)
    work.charge(1_000, 3_600_000)
    expect(work.waitMs(3_600_000)).toBe(0)
    work.charge(1, 3_600_000)
    expect(work.waitMs(3_600_000)).toBe(5)
  })

  it('[WK4] however much one frame turned out to cost, the wait is bounded', () => {
    const work = new LinkWork(0, LIMIT, WASTE)
    work.charge(91_000, 0)
    expect(work.waitMs(0)).toBe((LIMIT.owedMs * 1_000) / LIMIT.perSecondMs)
    expect((LINK_WORK.owedMs * 1_000) / LINK_WORK.perSecondMs).toBe(10_000)
  })

  it('[WK4] a clock that is set back gives nothing and takes nothing', () => {
    const work = new LinkWork(1_000_000, LIMIT, WASTE)
    work.charge(1_100, 1_000_000)
    expect(work.waitMs(0)).toBe(500)
    expect(work.waitMs(300)).toBe(200)
  })

  it('[WK5] in vain is enough once the budget is spent; a little now and then never is', () => {
    const work = new LinkWork(0, LIMIT, WASTE)
    expect(work.waste(50, 0)).toBe(true)
    expect(work.waste(0.1, 0)).toBe(false)
    for (let second = 1; second < 1_000; second++) expect(work.waste(9.9, second * 1_000)).toBe(true)
    expect(work.waste(WASTE.burstMs + 1, 2_000_000)).toBe(false)
  })

  it('[WK5] useful work takes nothing from what may be in vain', () => {
    const work = new LinkWork(0)
    work.charge(10 * LINK_WORK.burstMs, 0)
    expect(work.waste(LINK_WASTE.burstMs, 0)).toBe(true)
  })
})

describe('the works of all keys', () => {
  it('[WK5] outlive a link: who comes back is where it was', () => {
    const works = new LinkWorks()
    works.attach('mallory', 0).charge(LINK_WORK.burstMs + 1_000, 0)
    works.detach('mallory')
    for (let i = 0; i < 100; i++) works.attach(`other ${i}`, i)
    expect(works.attach('mallory', 100).waitMs(100)).toBeGreaterThan(0)
    expect(works.known('nobody')).toBeUndefined()
  })

  it('[WK4] are shared by the links of a key', () => {
    const works = new LinkWorks()
    const first = works.attach('mallory', 0)
    works.attach('ben', 1_000)
    expect(works.attach('mallory', 2_000)).toBe(first)
    works.detach('mallory')
    works.attach('cleo', 3_000)
    expect(works.known('mallory')).toBe(first)
  })

  it('forget a key without a link that has made up for everything', () => {
    const works = new LinkWorks()
    works.attach('mallory', 0).charge(10, 0)
    works.detach('mallory')
    works.attach('ben', 20)
    expect(works.known('mallory')).toBeDefined()
    works.attach('cleo', 40)
    expect(works.known('mallory')).toBeUndefined()
    expect(works.known('ben')).toBeDefined()
  })
})
