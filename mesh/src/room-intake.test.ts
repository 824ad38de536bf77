import { CLOSE } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { BEHIND_MS, LINK_WAITING_BYTES, LINK_WAITING_MOST_BYTES, WAITING_FRAME_BYTES } from './limits.ts'
import type { Lane } from './link/chunk.ts'
import { LinkWork } from './link/link-work.ts'
import { LinkIntake } from './room-intake.ts'
import { VirtualClock } from './testing/virtual-clock.ts'

/** Each frame costs 10 ms of work; ten at once, then twenty a second. */
function intake() {
  const clock = new VirtualClock()
  const limit = { perSecondMs: 200, burstMs: 100, owedMs: 10_000 }
  const work = new LinkWork(clock.nowMs(), limit)
  const seen: { readonly first: number; readonly lane: Lane; readonly atMs: number }[] = []
  const told: string[] = []
  let verifyingBytes = 0
  const link: LinkIntake = new LinkIntake({
    clock,
    work,
    verifyingBytes: () => verifyingBytes,
    dispatch: (bytes, lane) => {
      work.charge(10, clock.nowMs())
      seen.push({ first: bytes[0] ?? -1, lane, atMs: clock.elapsedMs() })
    },
    caughtUp: () => void told.push('caught up'),
    close: (code) => {
      told.push(`closed ${code}`)
      link.stop()
    },
  })
  const verifying = (bytes: number) => {
    verifyingBytes = bytes
  }
  return { clock, link, seen, told, verifying }
}

const firsts = (seen: readonly { readonly first: number }[]) => seen.map(({ first }) => first)
const oneTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

describe('what comes over a link', () => {
  it('[WK4] is looked at once it comes while it is within its share, and in order as the share allows beyond', async () => {
    const { clock, link, seen, told } = intake()
    for (const i of oneTo(50)) link.receive(Uint8Array.of(i), i % 2 ? 'live' : 'sync', false)
    // Ten fit, and one more brings it over.
    expect(firsts(seen)).toEqual(oneTo(11))
    await clock.runFor(1_000)
    expect(firsts(seen).length).toBeGreaterThanOrEqual(30)
    expect(firsts(seen).length).toBeLessThanOrEqual(32)
    await clock.runFor(1_500)
    expect(firsts(seen)).toEqual(oneTo(50))
    expect(seen.every(({ first, lane }) => lane === (first % 2 ? 'live' : 'sync'))).toBe(true)
    expect(link.waitingBytes).toBe(0)
    expect(told).toEqual([])
  })

  it('[WK4] waits for what it builds on, then goes on in order', async () => {
    const { clock, link, seen } = intake()
    let done: () => void = () => undefined
    void link.hold(new Promise<void>((resolve) => (done = resolve)))
    for (const i of oneTo(3)) link.receive(Uint8Array.of(i), 'live', true)
    await clock.runFor(60_000)
    expect(seen).toEqual([])
    done()
    await clock.settle()
    expect(firsts(seen)).toEqual([1, 2, 3])
  })

  it('keeps a copy: the bytes are the link’s again', async () => {
    const { clock, link, seen } = intake()
    const bytes = Uint8Array.of(1)
    for (const i of oneTo(20)) {
      bytes[0] = i
      link.receive(bytes, 'live', true)
    }
    bytes[0] = 99
    await clock.runFor(60_000)
    expect(firsts(seen)).toEqual(oneTo(20))
  })

  it('[WK6] of news no more than 4 MiB wait; what is left out is asked for once there is room', async () => {
    const { clock, link, seen, told } = intake()
    const frame = new Uint8Array(64 * 1024)
    for (const _ of oneTo(200)) link.receive(frame, 'live', true)
    expect(link.waitingBytes).toBeLessThan(LINK_WAITING_BYTES + frame.length + WAITING_FRAME_BYTES)
    link.receive(Uint8Array.of(7), 'control', false)
    await clock.runFor(BEHIND_MS)
    expect(told).toEqual([])
    await clock.runFor(10_000)
    expect(told).toEqual(['caught up'])
    expect(seen.at(-1)?.first).toBe(7)
    expect(seen.length).toBeLessThan(100)
  })

  it('[WK6] what waits to be verified counts along', async () => {
    const { link, seen, verifying } = intake()
    verifying(LINK_WAITING_BYTES)
    link.receive(Uint8Array.of(1), 'live', true)
    link.receive(Uint8Array.of(2), 'control', false)
    verifying(0)
    link.receive(Uint8Array.of(3), 'live', true)
    expect(firsts(seen)).toEqual([2, 3])
  })

  it('[WK6] frames that may not be left out end the link at 16 MiB, the smallest ones too', () => {
    for (const size of [1, 100_000]) {
      const { link, told } = intake()
      let sent = 0
      for (; told.length === 0 && sent < 100_000; sent++) link.receive(new Uint8Array(size), 'sync', false)
      expect(told).toEqual([`closed ${CLOSE.rate}`])
      expect(sent * (size + WAITING_FRAME_BYTES)).toBeGreaterThan(LINK_WAITING_MOST_BYTES)
      expect((sent - 20) * (size + WAITING_FRAME_BYTES)).toBeLessThan(LINK_WAITING_MOST_BYTES)
    }
  })

  it('nothing is looked at once the link has ended', async () => {
    const { clock, link, seen } = intake()
    for (const i of oneTo(50)) link.receive(Uint8Array.of(i), 'live', true)
    const before = seen.length
    link.stop()
    link.receive(Uint8Array.of(1), 'live', true)
    await clock.runFor(60_000)
    expect(seen.length).toBe(before)
  })
})
