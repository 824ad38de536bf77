import { expect, it } from 'vitest'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Throttle } from './throttle.ts'

it('[PR5] calls at once, then at most once an interval, and never loses the last trigger', async () => {
  const clock = new VirtualClock()
  const calls: number[] = []
  const throttle = new Throttle(clock, 50, () => void calls.push(clock.elapsedMs()))
  for (let i = 0; i < 12; i++) {
    throttle.trigger()
    await clock.runFor(10)
  }
  await clock.runFor(1000)
  expect(calls).toEqual([0, 50, 100, 150])
  throttle.trigger()
  throttle.trigger()
  throttle.cancel()
  await clock.runFor(1000)
  expect(calls).toEqual([0, 50, 100, 150, 1120])
})
