import { CLOSE } from '@parley/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { World } from './harness.ts'
import { Bridge } from './hostile/bridge.ts'
import { guestBy } from './hostile/guest.ts'
import { HostileSignaling } from './hostile/hostile-signaling.ts'

let world: World

beforeAll(async () => {
  world = await World.open()
})
afterAll(() => world.close())

describe('a machine in the middle that holds a valid link', () => {
  it('[F13] is refused by both browsers before a byte of a document was sent', async () => {
    const signaling = new HostileSignaling()
    world.door.hijackSignaling(signaling.take)
    const bridge = new Bridge(signaling)
    world.atEnd(async () => bridge.close())
    const ada = await world.person('Ada')
    await ada.makeRoom()
    await ada.type('For Ben alone.')
    const link = await ada.invite('Can edit')
    signaling.learnRoom(await guestBy(link))
    const ben = await world.person('Ben')
    await ben.enter(link)

    for (const side of ['offerer', 'answerer'] as const) {
      await expect.poll(() => bridge.framesOf(side).at(-1)?.type).toBe('close')
      const frames = bridge.framesOf(side)
      expect(frames.map(({ type }) => type)).toEqual(['hello', 'auth', 'close'])
      expect(frames.at(-1)).toEqual({ type: 'close', code: CLOSE.notProven })
    }
    for (const person of [ada, ben]) {
      await expect
        .poll(() => person.status('Connection').textContent())
        .toContain('Others are here but cannot be reached')
      expect(await person.people.count()).toBe(1)
    }
    expect(await ben.text()).toBe('')
  })
})
