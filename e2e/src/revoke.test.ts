import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { World } from './harness.ts'
import type { Person } from './person.ts'

/** From the click to what the other person sees. */
const SEEN_WITHIN_MS = 2_000

let world: World

beforeAll(async () => {
  world = await World.open()
})
afterEach(() => world.clear())
afterAll(() => world.close())

const dialogOf = (person: Person) => person.page.getByRole('dialog', { name: 'Share', exact: true })
const listOf = (person: Person, name: 'Invites' | 'Members') =>
  dialogOf(person).getByRole('list', { name, exact: true }).getByRole('listitem')

/** Share → role, label → Create invite; the dialog stays open only for that long. */
async function inviteAs(person: Person, label: string): Promise<string> {
  await person.button('Share').click()
  const dialog = dialogOf(person)
  await dialog.getByRole('radio', { name: 'Can edit', exact: true }).check()
  await dialog.getByRole('textbox', { name: 'Label', exact: true }).fill(label)
  await dialog.getByRole('button', { name: 'Create invite', exact: true }).click()
  const link = await dialog.getByRole('textbox', { name: 'Invite link', exact: true }).inputValue()
  await person.page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  return link
}

async function revoke(
  owner: Person,
  list: 'Invites' | 'Members',
  name: string,
  choice: { readonly box: RegExp; readonly checked: boolean } | null,
): Promise<void> {
  await owner.button('Share').click()
  const item = listOf(owner, list).filter({ hasText: name })
  const button = item.getByRole('button', { name: 'Revoke', exact: true })
  expect(
    await owner.page.getByRole('button', { name: 'Revoke', exact: true, description: name }).count(),
  ).toBe(1)
  await button.click()
  const question = owner.page.getByRole('dialog').filter({ hasText: 'new key' }).last()
  if (choice) await question.getByRole('checkbox', { name: choice.box }).setChecked(choice.checked)
  await question.getByRole('button', { name: /^Revoke (invite|access)$/ }).click()
}

function told(person: Person, words: string): Promise<void> {
  return person.page.getByRole('alert').filter({ hasText: words }).waitFor({ timeout: SEEN_WITHIN_MS })
}

it('[F23] [F58] who came by a revoked invite is told within two seconds and can only read; the others go on', async () => {
  const ada = await world.person('Ada')
  const ben = await world.person('Ben')
  const cleo = await world.person('Cleo')
  await ada.makeRoom()
  const forBen = await inviteAs(ada, 'for Ben')
  const forCleo = await inviteAs(ada, 'for Cleo')
  await ben.enter(forBen)
  await cleo.enter(forCleo)
  await ada.type('One.')
  await expect.poll(() => ben.text()).toBe('One.')
  await ben.append(' Two.')
  for (const person of [ada, cleo]) await expect.poll(() => person.text()).toBe('One. Two.')
  await expect.poll(() => ada.people.count()).toBe(3)

  await revoke(ada, 'Invites', 'for Ben', { box: /^Keep people/, checked: false })
  await told(ben, 'Your access to this room was taken back.')
  await expect.poll(() => ben.document.getAttribute('aria-readonly')).toBe('true')
  expect(await ben.text()).toBe('One. Two.')
  await ben.document.focus()
  await ben.page.keyboard.type('not any more')
  expect(await ben.text()).toBe('One. Two.')
  expect(await ben.textbox('Room title').isEditable()).toBe(false)

  const items = listOf(ada, 'Invites')
  await expect.poll(() => items.filter({ hasText: 'for Ben' }).textContent()).toContain('Revoked')
  expect(await items.filter({ hasText: 'for Ben' }).getByRole('button').count()).toBe(0)
  await expect
    .poll(() =>
      listOf(ada, 'Members')
        .allTextContents()
        .then((all) => all.join()),
    )
    .not.toContain('Ben')
  await ada.page.keyboard.press('Escape')
  await expect.poll(() => ada.people.count()).toBe(2)
  await cleo.append(' Three.')
  await expect.poll(() => ada.text()).toBe('One. Two. Three.')
  await ada.append(' Four.')
  await expect.poll(() => cleo.text()).toBe('One. Two. Three. Four.')
  expect(await ben.text()).toBe('One. Two.')

  const late = await world.person('Late')
  await late.enter(forBen)
  await late.page.getByRole('alert').filter({ hasText: 'was taken back' }).waitFor()
  expect(await late.text()).toBe('')
  await ben.page.reload()
  await ben.document.waitFor()
  await told(ben, 'Your access to this room was taken back.')
  expect(await ben.text()).toBe('One. Two.')
  expect([...ada.faults(), ...ben.faults(), ...cleo.faults(), ...late.faults()]).toEqual([])
})

it('[F23] people who already joined are kept when their invite is revoked; a member alone can be shut out', async () => {
  const ada = await world.person('Ada')
  const ben = await world.person('Ben')
  await ada.makeRoom()
  const link = await inviteAs(ada, 'for everybody')
  await ben.enter(link)
  await ada.type('One.')
  await expect.poll(() => ben.text()).toBe('One.')
  await expect.poll(() => ada.people.count()).toBe(2)

  await revoke(ada, 'Invites', 'for everybody', null)
  await ada.page.getByText('“for everybody” was revoked.').waitFor()
  await ada.page.keyboard.press('Escape')
  await ben.append(' Two.')
  await expect.poll(() => ada.text()).toBe('One. Two.')

  await revoke(ada, 'Members', 'Ben', null)
  await told(ben, 'Your access to this room was taken back.')
  expect(await ben.text()).toBe('One. Two.')
  expect([...ada.faults(), ...ben.faults()]).toEqual([])
})
