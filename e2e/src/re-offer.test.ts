import type { SealedSignal } from '@parley/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { World } from './harness.ts'
import { guestBy } from './hostile/guest.ts'
import { HostileSignaling } from './hostile/hostile-signaling.ts'
import { newConnection, offerOf } from './hostile/rtc.ts'

type Offer = Extract<SealedSignal, { type: 'offer' }>

let world: World
let signaling: HostileSignaling

beforeAll(async () => {
  world = await World.open()
  signaling = new HostileSignaling()
  world.door.hijackSignaling(signaling.take)
})
afterEach(async () => {
  await world.clear()
  signaling.overheard.length = 0
})
afterAll(() => world.close())

/** A description of a connection that is not Ada's nor Ben's. */
async function foreignOffer(): Promise<string> {
  const connection = newConnection()
  world.atEnd(async () => connection.close())
  connection.createDataChannel('data')
  return offerOf(connection)
}

/** Two browsers with a proven link between them, and how it was negotiated. */
async function linkedPair() {
  const ada = await world.person('Ada')
  const ben = await world.person('Ben')
  await ada.makeRoom()
  await ada.type('Together.')
  const link = await ada.invite('Can edit')
  signaling.learnRoom(await guestBy(link))
  await ben.enter(link)
  await expect.poll(() => ben.text()).toBe('Together.')
  for (const person of [ada, ben]) {
    await expect.poll(() => person.status('Connection').textContent()).toBe('Connected to 1 device')
  }
  const offered = signaling.overheard.find(({ signal }) => signal.type === 'offer')
  if (!offered) throw new Error('nobody offered')
  return { ada, ben, offerer: offered.from, answerer: offered.to, offer: offered.signal as Offer }
}

describe('on a live, proven link', () => {
  it.each(['answerer', 'offerer'] as const)(
    '[F64] a re-offer with a foreign certificate to the %s is never answered, and the link is closed',
    async (victim) => {
      const { ada, ben, offerer, answerer, offer } = await linkedPair()
      const [from, to] = victim === 'answerer' ? [offerer, answerer] : [answerer, offerer]
      const before = signaling.overheard.length
      signaling.say(from, to, { ...offer, sdp: await foreignOffer() })
      for (const person of [ada, ben]) {
        await expect.poll(() => person.status('Connection').textContent()).toBe('Online, nobody else is here')
        await expect.poll(() => person.people.count()).toBe(1)
      }
      const answered = signaling.overheard.slice(before).map(({ signal }) => signal.type)
      expect(answered).toEqual([])
      await ada.append(' And Ada alone.')
      expect(await ben.text()).toBe('Together.')
    },
  )
})
