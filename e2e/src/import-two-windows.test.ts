/** A file is imported into a room that another window of the same browser shows, and nothing but the browser connects the two. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { World } from './harness.ts'
import type { Person } from './person.ts'

let world: World

beforeAll(async () => {
  world = await World.open()
})
afterAll(() => world.close())

async function exportRoom(person: Person): Promise<string> {
  await person.button('Room menu').click()
  await person.page.getByRole('menuitem', { name: 'Export to a file', exact: true }).click()
  const dialog = person.page.getByRole('dialog', { name: 'Export to a file', exact: true })
  const downloading = person.page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Export', exact: true }).click()
  const path = join(world.profileFolder(), 'room.parley')
  await (await downloading).saveAs(path)
  return path
}

it('[J7] the other window is told, and shows what the file brought once it opens the room again', async () => {
  const folder = world.profileFolder()
  const ada = await world.person('Ada')
  await ada.makeRoom()
  const link = await ada.invite('Can edit')
  const before = await world.personAt(folder, 'Cleo', world.sideDoor.origin)
  await before.enter(link)
  await ada.type('One.')
  await expect.poll(() => before.text()).toBe('One.')
  // What she was told of is on Cleo's disk.
  await expect.poll(() => ada.status('Save state').textContent()).toContain('With 1 person')
  const address = before.page.url()
  await before.leave()
  await ada.append(' Two.')
  await ada.painted()
  const path = await exportRoom(ada)

  world.sideDoor.blockSignaling()
  const cleo = await world.personAt(folder, 'Cleo', world.sideDoor.origin)
  await cleo.page.goto(address)
  await expect.poll(() => cleo.text()).toBe('One.')
  const other = await cleo.page.context().newPage()
  await other.goto(`${world.sideDoor.origin}/`)
  const choosing = other.waitForEvent('filechooser')
  await other.getByRole('button', { name: 'Import a file', exact: true }).click()
  await (await choosing).setFiles(path)
  await other.getByText('One. Two.').waitFor()

  await cleo.page.getByText('Another window of this browser imported a file').waitFor()
  expect(await cleo.text()).toBe('One.')
  await cleo.button('Open again').click()
  await expect.poll(() => cleo.text()).toBe('One. Two.')
})
