import { describe, expect, it } from 'vitest'
import { RoomListeners } from './room-listeners.ts'
import { VirtualClock } from './testing/virtual-clock.ts'

describe('listeners of a room', () => {
  it('hear of many changes in one turn once, and of the next ones again', async () => {
    const clock = new VirtualClock()
    const listeners = new RoomListeners<string>(clock)
    let toldCount = 0
    const cancel = listeners.onState(() => toldCount++)
    for (let i = 0; i < 3; i++) listeners.changed()
    expect(toldCount).toBe(0)
    await clock.runFor(1)
    expect(toldCount).toBe(1)
    listeners.changed()
    await clock.runFor(1)
    expect(toldCount).toBe(2)
    listeners.changed()
    cancel()
    await clock.runFor(1)
    expect(toldCount).toBe(2)
  })

  it('hear of a change that one of them makes', async () => {
    const clock = new VirtualClock()
    const listeners = new RoomListeners<string>(clock)
    let toldCount = 0
    listeners.onState(() => {
      if (++toldCount === 1) listeners.changed()
    })
    listeners.changed()
    await clock.runFor(1)
    expect(toldCount).toBe(2)
  })

  it('hear of each event at once, whoever stops meanwhile', () => {
    const listeners = new RoomListeners<string>(new VirtualClock())
    const heard: string[] = []
    const cancel = listeners.onEvent((event) => {
      heard.push(`first ${event}`)
      cancel()
    })
    listeners.onEvent((event) => heard.push(`second ${event}`))
    listeners.emit('a')
    listeners.emit('b')
    expect(heard).toEqual(['first a', 'second a', 'second b'])
  })
})
