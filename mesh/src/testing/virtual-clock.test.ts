import { describe, expect, it } from 'vitest'
import { VirtualClock } from './virtual-clock.ts'

describe('VirtualClock', () => {
  it('calls in order of time, and of adding where the time is the same', async () => {
    const clock = new VirtualClock(0)
    const seen: string[] = []
    for (const [name, delayMs] of [
      ['c', 30],
      ['a', 10],
      ['b1', 20],
      ['b2', 20],
      ['z', 100],
    ] as const) {
      clock.after(delayMs, () => seen.push(`${name}@${clock.nowMs()}`))
    }
    await clock.runFor(50)
    expect(seen).toEqual(['a@10', 'b1@20', 'b2@20', 'c@30'])
    expect(clock.nowMs()).toBe(50)
  })

  it('keeps order among thousands of events', async () => {
    const clock = new VirtualClock(0)
    const delays = Array.from({ length: 2000 }, (_, i) => (i * 7919) % 1009)
    const seen: number[] = []
    for (const delayMs of delays) clock.after(delayMs, () => seen.push(delayMs))
    await clock.runFor(2000)
    expect(seen).toEqual([...delays].sort((a, b) => a - b))
  })

  it('does not call what was cancelled, also by an event of the same moment', async () => {
    const clock = new VirtualClock(0)
    const seen: string[] = []
    clock.after(5, () => cancel())
    const cancel = clock.after(5, () => seen.push('cancelled'))
    clock.after(6, () => seen.push('kept'))
    await clock.runFor(10)
    expect(seen).toEqual(['kept'])
  })

  it('lets promise chains settle before the next event', async () => {
    const clock = new VirtualClock(0)
    const seen: string[] = []
    const chain = async () => {
      for (let i = 0; i < 50; i++) await Promise.resolve()
      seen.push('chain')
    }
    clock.after(1, () => void chain())
    clock.after(1, () => seen.push('next event'))
    await clock.runFor(1)
    expect(seen).toEqual(['chain', 'next event'])
  })

  it('rejects the run with what an event throws', async () => {
    const clock = new VirtualClock(0)
    clock.after(1, () => {
      throw new Error('from inside')
    })
    await expect(clock.runFor(5)).rejects.toThrow('from inside')
    await clock.runFor(5)
  })

  it('runUntil stops at the event that made it true, and says when it never will', async () => {
    const clock = new VirtualClock(0)
    let done = false
    clock.after(40, () => {
      done = true
    })
    expect(await clock.runUntil(() => done, 100)).toBe(40)
    clock.after(500, () => clock.nowMs())
    await expect(clock.runUntil(() => false, 100)).rejects.toThrow('not reached in 100 ms')
    await expect(clock.runUntil(() => false, 1000)).rejects.toThrow('nothing more is going to happen')
  })

  it('runWhile passes on results and failures of the work', async () => {
    const clock = new VirtualClock(0)
    expect(
      await clock.runWhile(
        clock.sleep(70).then(() => 'slept'),
        100,
      ),
    ).toBe('slept')
    const failing = clock.sleep(10).then(() => Promise.reject(new Error('work failed')))
    await expect(clock.runWhile(failing, 100)).rejects.toThrow('work failed')
  })

  it('yieldToHost lets other events of the moment run, without time passing', async () => {
    const clock = new VirtualClock(0)
    const seen: string[] = []
    const yielding = async () => {
      await clock.yieldToHost()
      seen.push(`after yield @${clock.nowMs()}`)
    }
    clock.after(3, () => void yielding())
    clock.after(3, () => seen.push('other'))
    await clock.runFor(3)
    expect(seen).toEqual(['other', 'after yield @3'])
  })
})
