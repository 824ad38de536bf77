import { createRoom, joinRoom, type Room } from '@parley/mesh'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { World } from './harness.ts'

const DAY_MS = 86_400_000
const COLORS = { Nora: '#336699', Omar: '#993366', Pia: '#669933' } as const

let world: World

beforeAll(async () => {
  world = await World.open()
})
afterEach(() => world.clear())
afterAll(() => world.close())

function optionsOf(name: keyof typeof COLORS) {
  return { signaling: [world.signalingUrl], profile: { name, color: COLORS[name] } }
}

function keep(room: Room): Room {
  world.atEnd(() => room.close())
  return room
}

async function rowsOf(room: Room) {
  const { doc, whenLoaded } = room.document('content/table')
  await whenLoaded
  return doc.getMap<string>('rows')
}

const connected = (linkCount: number, signaling: 'up' | 'down') => ({
  name: 'connected',
  linkCount,
  signaling,
})

it('[F11] peers in Node edit on while signaling is killed, all rejoin, and a newcomer gets everything', async () => {
  const nora = keep(await createRoom(optionsOf('Nora')))
  const invite = { role: 'editor', notAfterMs: Date.now() + DAY_MS } as const
  const { link } = await nora.createInvite(`${world.door.origin}/`, invite)
  const omar = keep(await joinRoom(link, optionsOf('Omar')))
  const [ofNora, ofOmar] = [await rowsOf(nora), await rowsOf(omar)]
  for (const room of [nora, omar]) {
    await expect.poll(() => room.state.connection).toMatchObject(connected(1, 'up'))
  }

  await world.killSignaling()
  for (const room of [nora, omar]) {
    await expect.poll(() => room.state.connection).toMatchObject(connected(1, 'down'))
  }
  for (let i = 0; i < 50; i++) {
    ofNora.set(`nora ${i}`, 'away')
    ofOmar.set(`omar ${i}`, 'away')
  }
  await expect.poll(() => [ofNora.size, ofOmar.size]).toEqual([100, 100])

  await world.startSignaling()
  for (const room of [nora, omar]) {
    await expect.poll(() => room.state.connection, { timeout: 45_000 }).toMatchObject(connected(1, 'up'))
  }
  const pia = keep(await joinRoom(link, optionsOf('Pia')))
  const ofPia = await rowsOf(pia)
  await expect.poll(() => ofPia.size).toBe(100)
  ofPia.set('pia', 'here')
  await expect.poll(() => [ofNora.get('pia'), ofOmar.get('pia')]).toEqual(['here', 'here'])
  expect(ofOmar.toJSON()).toEqual(ofNora.toJSON())
})
