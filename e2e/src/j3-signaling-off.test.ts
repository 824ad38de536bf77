import { afterAll, beforeAll, expect, it } from 'vitest'
import { World } from './harness.ts'

let world: World

beforeAll(async () => {
  world = await World.open()
})
afterAll(() => world.close())

it('[J3] [F11] two people go on when signaling is killed, and a third joins when it is back', async () => {
  const ada = await world.person('Ada')
  const ben = await world.person('Ben')
  await ada.makeRoom()
  const link = await ada.invite('Can edit')
  await ben.enter(link)
  await ada.type('Before.')
  await expect.poll(() => ben.text()).toBe('Before.')

  await world.killSignaling()
  for (const person of [ada, ben]) {
    await expect
      .poll(() => person.status('Connection').textContent())
      .toBe('Connected to 1 device; nobody new can join at the moment')
  }
  await ada.append(' Ada goes on.')
  await expect.poll(() => ben.text()).toBe('Before. Ada goes on.')
  await ben.append(' So does Ben.')
  await expect.poll(() => ada.text()).toBe('Before. Ada goes on. So does Ben.')

  await world.startSignaling()
  const cleo = await world.person('Cleo')
  await cleo.enter(link)
  await expect.poll(() => cleo.text(), { timeout: 45_000 }).toBe('Before. Ada goes on. So does Ben.')
  await cleo.append(' Cleo is here.')
  for (const person of [ada, ben]) {
    await expect.poll(() => person.text()).toBe('Before. Ada goes on. So does Ben. Cleo is here.')
    await expect.poll(() => person.status('Connection').textContent()).toBe('Connected to 2 devices')
  }
  expect(cleo.faults()).toEqual([])
  for (const person of [ada, ben]) {
    expect(person.faults().filter((fault) => !/WebSocket connection to .* failed/.test(fault))).toEqual([])
  }
})
