import type { KeyId } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { SourceTrees } from './source-trees.ts'

const [ADA, BEN] = ['ada', 'ben'] as KeyId[] as [KeyId, KeyId]
const links = [{ to: 'one' }, { to: 'two' }, { to: 'three' }] as const
const [one, two, three] = links

function threeLinks(): SourceTrees<object> {
  const trees = new SourceTrees<object>()
  for (const link of links) trees.attach(link)
  return trees
}

describe('who is fed', () => {
  it('everybody, but never the one that it came from', () => {
    expect(threeLinks().eager(ADA, null)).toEqual([...links])
    expect(threeLinks().eager(ADA, two)).toEqual([one, three])
  })

  it('[SY8] a duplicate asks for PRUNE once, and stops the feeding of that source alone', () => {
    const trees = threeLinks()
    expect([trees.handleDuplicate(ADA, one), trees.handleDuplicate(ADA, one)]).toEqual([true, false])
    expect(trees.eager(ADA, null)).toEqual([two, three])
    expect(trees.lazy(ADA)).toEqual([one])
    expect(trees.eager(BEN, null)).toEqual([...links])
  })

  it('[OV2] PRUNE stops, GRAFT restarts; so does something new that comes this way', () => {
    const trees = threeLinks()
    trees.handlePrune(ADA, one)
    trees.handlePrune(ADA, two)
    expect(trees.eager(ADA, null)).toEqual([three])
    trees.handleGraft(ADA, one)
    expect(trees.eager(ADA, null)).toEqual([one, three])
    trees.handleNews(ADA, two)
    expect(trees.eager(ADA, null)).toEqual([...links])
    expect(trees.lazy(ADA)).toEqual([])
  })

  it('forgets a link that is gone, and takes nothing for one that never was', () => {
    const trees = threeLinks()
    trees.handlePrune(ADA, one)
    trees.detach(one)
    expect([trees.lazy(ADA), trees.eager(ADA, null)]).toEqual([[], [two, three]])
    expect(trees.handleDuplicate(ADA, one)).toBe(false)
    trees.attach(one)
    expect(trees.eager(ADA, null)).toContain(one)
  })
})
