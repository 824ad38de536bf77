import { describe, expect, it } from 'vitest'
import { whoGivesWay } from './link-places.ts'

const link = (...branch: string[]) => ({ branch })
const many = (count: number, make: (i: number) => ReturnType<typeof link>) =>
  Array.from({ length: count }, (_, i) => make(i))
const evicted = (links: ReturnType<typeof link>[]) => {
  const [first, ...rest] = links
  if (!first) throw new Error('no links')
  return links.indexOf(whoGivesWay([first, ...rest]))
}

describe('when there is one link too many', () => {
  it('[OV6] the newest of the largest branch gives way to somebody of another', () => {
    const links = [
      link('ada'),
      ...many(11, (i) => link('ada', 'invite', `device ${i}`)),
      link('ada', 'other', 'ben'),
    ]
    expect(evicted(links)).toBe(11)
  })

  it('[OV6] the newcomer does, where all came by one invite or each by an own one', () => {
    expect(evicted(many(13, (i) => link('ada', 'invite', `device ${i}`)))).toBe(12)
    expect(evicted(many(13, (i) => link('ada', `invite ${i}`, `device ${i}`)))).toBe(12)
  })

  it('[OV6] branches below a device count as that device’s', () => {
    const own = many(7, (i) => link('ada', 'invite', 'mallory', `copy ${i}`))
    const others = many(5, (i) => link('ada', 'invite', `guest ${i}`))
    expect(evicted([...own, ...others, link('ada', 'invite', 'ben')])).toBe(6)
    expect(evicted([...own, ...others, link('ada', 'invite', 'mallory', 'copy 7')])).toBe(12)
  })

  it('[OV6] two who take turns come to rest: nobody’s going makes room for somebody of the same branch', () => {
    const six = (name: string) => many(6, (i) => link('ada', name, `device ${i}`))
    const links = [...six('one'), ...six('two')]
    expect(evicted([...links, link('ada', 'one', 'late')])).toBe(12)
    expect(evicted([...links, link('ada', 'two', 'late')])).toBe(12)
    expect(evicted([...links, link('ada', 'three', 'late')])).toBe(11)
  })
})
