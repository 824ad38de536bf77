import { afterAll, beforeAll, expect, it } from 'vitest'
import { World } from './harness.ts'

let world: World

beforeAll(async () => {
  world = await World.open()
})
afterAll(() => world.close())

it('[J4] what was written offline and meanwhile is all there afterwards, without a reload', async () => {
  const folder = world.profileFolder()
  const ada = await world.person('Ada')
  const ben = await world.person('Ben')
  await ada.makeRoom()
  const link = await ada.invite('Can edit')
  await ben.enter(link)
  const before = await world.personAt(folder, 'Cleo', world.sideDoor.origin)
  await before.enter(link)
  await ada.type('One.')
  await expect.poll(() => before.text()).toBe('One.')
  await before.append(' Two.')
  await expect.poll(() => ada.text()).toBe('One. Two.')
  await before.painted()
  await expect.poll(() => before.status('Save state').textContent()).toContain('On this device')
  const address = before.page.url()
  expect(new URL(address).hash).toMatch(/^#r=[\w-]{22}$/)
  await before.leave()

  await expect.poll(() => ada.people.count()).toBe(2)
  await ada.append(' Three.')
  await expect.poll(() => ben.text()).toBe('One. Two. Three.')

  world.sideDoor.blockSignaling()
  const cleo = await world.personAt(folder, 'Cleo', world.sideDoor.origin)
  await cleo.page.goto(address)
  await cleo.document.waitFor()
  await expect.poll(() => cleo.text()).toBe('One. Two.')
  await expect.poll(() => cleo.status('Connection').textContent()).toMatch(/^Offline/)
  await cleo.page.keyboard.press('Tab')
  await cleo.document.focus()
  await cleo.page.keyboard.press('Control+Home')
  await cleo.page.keyboard.type('Zero. ')
  await expect.poll(() => cleo.text()).toBe('Zero. One. Two.')
  await expect.poll(() => cleo.status('Save state').textContent()).toBe('On this device')

  world.sideDoor.unblockSignaling()
  for (const person of [ada, ben, cleo]) {
    await expect.poll(() => person.text(), { timeout: 45_000 }).toBe('Zero. One. Two. Three.')
  }
  await expect.poll(() => cleo.status('Save state').textContent()).toMatch(/^On this device · With 2 /)
  expect([...ada.faults(), ...ben.faults(), ...before.faults()]).toEqual([])
})
