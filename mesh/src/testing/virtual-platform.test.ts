import { describe, expect, it } from 'vitest'
import type { Platform, Transport, TransportEvents } from '../ports.ts'
import { virtualWorld } from './virtual-platform.ts'

/** Two hosts of a world that connect, talk and lose each other; returns everything that was traced. */
async function story(seed: number, lossFraction = 0): Promise<readonly string[]> {
  const world = virtualWorld({ seed, trace: true, lossFraction })
  const ends = new Map<string, Transport>()
  const dial = (platform: Platform, peer: string, initiator: boolean) => {
    const events: TransportEvents = {
      signal: (data) => void platform.clock.after(1, () => ends.get(peer)?.signal(data)),
      open: () => ends.get(peer === 'ben' ? 'anna' : 'ben')?.send(platform.random.bytes(100)),
      message: (bytes) => platform.log('info', 'message', { bytes: bytes.length, first: bytes[0] ?? 0 }),
      writable: () => platform.log('debug', 'writable', {}),
      closed: (error) => platform.log('info', 'closed', { error: String(error) }),
    }
    return platform.connect({ initiator, iceServers: [], lowWaterBytes: 0 }, events)
  }
  ends.set('anna', dial(world.platform('anna'), 'ben', true))
  ends.set('ben', dial(world.platform('ben'), 'anna', false))
  await world.clock.runFor(1000)
  world.network.partition([['anna']])
  await world.clock.runFor(20_000)
  return [...world.trace, ...world.logLines.map((line) => JSON.stringify(line))]
}

describe('virtualWorld', () => {
  it('equal seeds give equal runs, other seeds other ones', async () => {
    const first = await story(1)
    expect(first).toHaveLength(9)
    expect(await story(1)).toEqual(first)
    expect(await story(2)).not.toEqual(first)
  })

  it('loses by the seed as well: what is sent again comes later, and everything comes', async () => {
    const lossy = await story(1, 0.5)
    expect(await story(1, 0.5)).toEqual(lossy)
    const withoutTimes = (lines: readonly string[]) =>
      lines.map((line) => line.replace(/^\d[\d.]* |"atMs":[\d.]+/, ''))
    const clean = await story(1)
    expect(lossy).not.toEqual(clean)
    expect(withoutTimes(lossy).sort()).toEqual(withoutTimes(clean).sort())
  })

  it('a killed host does nothing any more; its next life has its storage and other random numbers', async () => {
    const world = virtualWorld({ seed: 3 })
    const first = world.platform('anna')
    const ran: string[] = []
    first.clock.after(10, () => ran.push('first life'))
    first.clock.yieldToHost().then(
      () => ran.push('yielded'),
      () => ran.push('rejected'),
    )
    world.kill('anna')
    const second = world.platform('anna')
    second.clock.after(10, () => ran.push('second life'))
    await world.clock.runFor(100)
    expect(ran).toEqual(['second life'])
    expect(second.storages).toBe(first.storages)
    expect(second.random.bytes(8)).not.toEqual(world.platform('ben').random.bytes(8))
  })
})
