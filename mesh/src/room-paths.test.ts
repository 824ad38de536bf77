import type { KeyId } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import type { LinkPath } from './ports.ts'
import { RoomPaths, type WatchedLink } from './room-paths.ts'
import { VirtualClock } from './testing/virtual-clock.ts'

const ADA = 'ada' as KeyId

function watched() {
  const clock = new VirtualClock()
  let told = 0
  const paths = new RoomPaths<WatchedLink>(clock, () => told++)
  const link = (path: LinkPath | null) => {
    const one = {
      key: ADA,
      now: path,
      asked: 0,
      path: async () => {
        one.asked++
        return one.now
      },
    }
    paths.attach(one)
    return one
  }
  return { clock, paths, link, told: () => told }
}

const path = (kind: LinkPath['kind'], roundTripMs: number | null = 20): LinkPath => ({ kind, roundTripMs })

describe('paths of links', () => {
  it('[RL4] are asked for until they are known, then now and then, and told when they change', async () => {
    const { clock, paths, link, told } = watched()
    const one = link(null)
    await clock.runFor(1_100)
    expect([one.asked, paths.of(ADA), told()]).toEqual([2, null, 0])
    one.now = path('relayed')
    await clock.runFor(500)
    expect([paths.of(ADA), paths.relayedCount, told()]).toEqual([path('relayed'), 1, 1])
    one.now = path('relayed', 23)
    await clock.runFor(5_000)
    expect([one.asked, told()]).toEqual([4, 1])
    one.now = path('direct', 23)
    await clock.runFor(5_000)
    expect([paths.of(ADA), paths.relayedCount, told()]).toEqual([path('direct', 23), 0, 2])
  })

  it('[RL4] of two links to somebody the direct one counts; one that ended is not asked again', async () => {
    const { clock, paths, link } = watched()
    const relayed = link(path('relayed'))
    const direct = link(path('direct'))
    await clock.runFor(600)
    expect(paths.of(ADA)).toEqual(path('direct'))
    paths.detach(direct)
    expect(paths.of(ADA)).toEqual(path('relayed'))
    paths.close()
    await clock.runFor(60_000)
    expect([relayed.asked, direct.asked, paths.of(ADA)]).toEqual([1, 1, null])
  })
})
