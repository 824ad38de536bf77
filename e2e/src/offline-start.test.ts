/** The app starts from what the browser keeps of it, with its server gone. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { World } from './harness.ts'

let world: World

beforeAll(async () => {
  world = await World.open()
})
afterAll(() => world.close())

it('[J4] opens a room and lets one write in it after a reload while the server is down', async () => {
  const ada = await world.person('Ada')
  await ada.makeRoom()
  await ada.type('On this machine.')
  await ada.painted()
  await expect.poll(() => ada.status('Save state').textContent()).toBe('On this device')
  await ada.page.evaluate(async () => (await navigator.serviceWorker.ready).active?.state)
  expect(ada.faults()).toEqual([])

  await world.door.close()
  await ada.page.reload()
  await ada.document.waitFor()
  await expect.poll(() => ada.text()).toBe('On this machine.')
  await expect.poll(() => ada.status('Connection').textContent()).toMatch(/^Offline/)
  await ada.append(' Still.')
  await ada.painted()
  await expect.poll(() => ada.status('Save state').textContent()).toBe('On this device')
  await ada.page.getByRole('link', { name: 'Home', exact: true }).click()
  await ada.page.getByRole('list', { name: 'Your rooms' }).getByRole('link').click()
  await expect.poll(() => ada.text()).toBe('On this machine. Still.')
})
