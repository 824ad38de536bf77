import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { World } from './harness.ts'
import type { Person } from './person.ts'

let world: World

beforeAll(async () => {
  world = await World.open()
})
afterEach(() => world.clear())
afterAll(() => world.close())

const PASSPHRASE = 'correct horse staple'

function dialog(person: Person, name: string): Locator {
  return person.page.getByRole('dialog', { name, exact: true })
}

async function fromMenu(person: Person, item: string): Promise<void> {
  await person.button('Room menu').click()
  await person.page.getByRole('menuitem', { name: item, exact: true }).click()
}

/** Room menu → Export to a file; gives the path of what was downloaded. */
async function exportRoom(person: Person, passphrase?: string): Promise<string> {
  await fromMenu(person, 'Export to a file')
  const open = dialog(person, 'Export to a file')
  if (passphrase !== undefined) {
    await open.getByRole('checkbox', { name: 'Include the key that owns this room' }).check()
    await open.getByRole('textbox', { name: 'Passphrase', exact: true }).fill(passphrase)
    await open.getByRole('textbox', { name: 'Passphrase again', exact: true }).fill(passphrase)
  }
  const downloading = person.page.waitForEvent('download')
  await open.getByRole('button', { name: 'Export', exact: true }).click()
  const file = await downloading
  await open.getByText(/handed to your browser’s downloads/).waitFor()
  await open.getByRole('button', { name: 'Close' }).click()
  expect(file.suggestedFilename()).toMatch(/\.parley$/)
  const path = join(world.profileFolder(), file.suggestedFilename())
  await file.saveAs(path)
  return path
}

async function chooseFile(person: Person, button: string, path: string): Promise<void> {
  const choosing = person.page.waitForEvent('filechooser')
  await person.button(button).click()
  await (await choosing).setFiles(path)
}

/** Drags a file over Home and lets it go there. */
async function dropFile(person: Person, bytes: Buffer): Promise<void> {
  const dataTransfer = await person.page.evaluateHandle((text) => {
    const transfer = new DataTransfer()
    const content = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    transfer.items.add(new File([content], 'dropped.parley'))
    return transfer
  }, bytes.toString('base64'))
  const home = person.page.locator('main')
  await home.dispatchEvent('dragover', { dataTransfer })
  await person.page.getByText('Drop the file to open its room').waitFor()
  await home.dispatchEvent('drop', { dataTransfer })
}

async function atHome(person: Person): Promise<void> {
  await person.page.goto(`${person.origin}/`)
  await person.textbox('Your name').fill(person.name)
}

/** A heading, marks and a list, as somebody types them. */
async function writePage(person: Person): Promise<void> {
  await person.type('# Tides\nplain **bold** words\n- one\ntwo\n\nlast line')
}

it('[J7] a room goes through a file: exported, deleted, imported elsewhere without signaling, all there', async () => {
  const ada = await world.person('Ada')
  await ada.makeRoom()
  await ada.textbox('Room title').fill('Harbour')
  await writePage(ada)
  const [text, structure] = [await ada.text(), await ada.structure()]
  expect(structure).toContain('heading "Tides"')
  const path = await exportRoom(ada)
  expect(path).toMatch(/Harbour\.parley$/)
  await ada.page.getByRole('link', { name: 'Home' }).click()
  await ada.button('Remove Harbour').click()
  await ada.button('Delete this copy').click()
  await ada.page.getByText('“Harbour” was removed from this device.').waitFor()

  world.sideDoor.blockSignaling()
  const ben = await world.person('Ben', world.sideDoor.origin)
  await atHome(ben)
  await chooseFile(ben, 'Import a file', path)
  await ben.document.waitFor()
  expect(await ben.structure()).toContain('heading "Tides"')
  expect(await ben.text()).toBe(text)
  expect(await ben.textbox('Room title').inputValue()).toBe('Harbour')
  expect(await ben.document.getAttribute('aria-readonly')).toBe('true')
  expect(await ben.button('Share').count()).toBe(0)
  expect(await ben.status('Connection').textContent()).toBe('Read-only copy from a file')
  await ben.page.reload()
  await ben.document.waitFor()
  expect(await ben.text()).toContain('last line')

  await ben.button('Copy as new room').click()
  await ben.page.locator('[role="textbox"][aria-readonly="false"]').waitFor()
  await expect.poll(() => ben.textbox('Room title').inputValue()).toBe('Harbour')
  expect(await ben.structure()).toContain('heading "Tides"')
  expect(await ben.document.locator('strong').textContent()).toBe('bold')
  expect(await ben.document.locator('li').allTextContents()).toEqual(['one', 'two'])
  await ben.append(' and more')
  await expect.poll(() => ben.text()).toContain('and more')
  world.sideDoor.unblockSignaling()
  expect(ada.faults()).toEqual([])
})

it('[J7] with the key in the file its passphrase makes an owner; a wrong one and a damaged file are said in words', async () => {
  const ada = await world.person('Ada')
  await ada.makeRoom()
  await ada.type('kept')
  const path = await exportRoom(ada, PASSPHRASE)
  const bytes = await readFile(path)
  const torn = join(world.profileFolder(), 'torn.parley')
  await writeFile(torn, bytes.subarray(0, bytes.length - 40))

  const ben = await world.person('Ben')
  await atHome(ben)
  await dropFile(ben, await readFile(torn))
  const open = dialog(ben, 'Import a room')
  await open.getByRole('alert').filter({ hasText: 'it is damaged' }).waitFor()
  await chooseFile(ben, 'Choose another file', path)
  const passphrase = open.getByRole('textbox', { name: 'Passphrase', exact: true })
  await passphrase.fill('correct horse')
  await ben.page.keyboard.press('Enter')
  await open.getByRole('alert').filter({ hasText: 'the passphrase is wrong' }).waitFor()
  await passphrase.fill(PASSPHRASE)
  await ben.page.keyboard.press('Enter')
  await ben.document.waitFor()
  expect(await ben.text()).toBe('kept')
  await expect.poll(() => ben.people.filter({ hasText: 'Ben (you)' }).textContent()).toContain('Owner')
  await ben.append(', and back')
  await expect.poll(() => ada.text()).toBe('kept, and back')
  expect([...ada.faults(), ...ben.faults()]).toEqual([])
})

it('a recovery file opens the room as owner, and the text comes from who is there', async () => {
  const ada = await world.person('Ada')
  await ada.makeRoom()
  await ada.type('from Ada')
  await fromMenu(ada, 'Save recovery file')
  const saving = dialog(ada, 'Recovery file')
  await saving.getByRole('textbox', { name: 'Passphrase', exact: true }).fill(PASSPHRASE)
  await saving.getByRole('textbox', { name: 'Passphrase again', exact: true }).fill(PASSPHRASE)
  const downloading = ada.page.waitForEvent('download')
  await saving.getByRole('button', { name: 'Save recovery file', exact: true }).click()
  const file = await downloading
  const path = join(world.profileFolder(), 'recovery.json')
  await file.saveAs(path)

  const ben = await world.person('Ben')
  await ben.page.goto(`${ben.origin}/`)
  await ben.button('Restore from a recovery file').click()
  const open = dialog(ben, 'Restore from a recovery file')
  await open.getByRole('button', { name: 'Open the room' }).click()
  await open.getByRole('alert').filter({ hasText: 'Choose the recovery file first.' }).waitFor()
  await chooseFile(ben, 'Choose a file', path)
  await open.getByRole('textbox', { name: 'Your name' }).fill('Ben')
  const passphrase = open.getByRole('textbox', { name: 'Passphrase', exact: true })
  await passphrase.fill('wrong passphrase')
  await ben.page.keyboard.press('Enter')
  await open.getByRole('alert').filter({ hasText: 'the passphrase is wrong' }).waitFor()
  await passphrase.fill(PASSPHRASE)
  await open.getByRole('button', { name: 'Open the room' }).click()
  await ben.document.waitFor()
  await expect.poll(() => ben.text()).toBe('from Ada')
  await expect.poll(() => ben.people.filter({ hasText: 'Ben (you)' }).textContent()).toContain('Owner')
  expect([...ada.faults(), ...ben.faults()]).toEqual([])
})

it('[F36] an editor deletes everything: one restore, equal everywhere, and undo takes it back', async () => {
  const ada = await world.person('Ada')
  const eve = await world.person('Eve')
  await ada.makeRoom()
  await eve.enter(await ada.invite('Can edit'))
  await writePage(ada)
  await expect.poll(() => eve.text()).toContain('last line')
  const [before, structure] = [await ada.text(), await ada.structure()]
  await eve.document.focus()
  await eve.page.keyboard.press('Control+A')
  await eve.page.keyboard.press('Delete')
  await expect.poll(() => ada.text()).toBe('')

  await ada.button('Room menu').focus()
  await ada.page.keyboard.press('Enter')
  await ada.page.keyboard.press('Enter')
  const open = dialog(ada, 'Restore an earlier state')
  const latest = open.getByRole('radio', { name: 'Before Eve’s changes' })
  await expect.poll(() => latest.isChecked()).toBe(true)
  await expect.poll(() => open.getByRole('region', { name: 'Preview' }).textContent()).toContain('last line')
  await latest.press('Enter')
  await open.waitFor({ state: 'hidden' })
  for (const person of [ada, eve]) await expect.poll(() => person.text()).toBe(before)
  expect(await ada.structure()).toBe(structure)
  expect(await eve.document.locator('strong').textContent()).toBe('bold')
  await ada.page.getByText('The earlier state is back.').waitFor()

  await ada.document.focus()
  await ada.page.keyboard.press('Control+Z')
  for (const person of [ada, eve]) await expect.poll(() => person.text()).toBe('')
  await ada.page.keyboard.press('Control+Shift+Z')
  for (const person of [ada, eve]) await expect.poll(() => person.text()).toBe(before)
  expect([...ada.faults(), ...eve.faults()]).toEqual([])
})
