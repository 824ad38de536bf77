/** The first journeys without a pointer: what is needed is reached by Tab, and focus is never lost. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { World } from './harness.ts'
import type { Person } from './person.ts'

let world: World

beforeAll(async () => {
  world = await World.open()
})
afterAll(() => world.close())

/** More than there are controls on any screen. */
const STOPS = 40

/** The name of what has focus; `null` for nothing at all. */
function focused(page: Page): Promise<string | null> {
  return page.evaluate(() => {
    const element = document.activeElement
    if (!element || element === document.body) return null
    const labels = element instanceof HTMLInputElement ? element.labels : null
    return (
      element.getAttribute('aria-label') ??
      labels?.[0]?.textContent ??
      element.textContent ??
      ''
    ).trim()
  })
}

async function tabTo(page: Page, name: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const passed: (string | null)[] = []
  for (let stop = 0; stop < STOPS; stop++) {
    await page.keyboard.press(key)
    passed.push(await focused(page))
    if (passed.at(-1) === name) return
  }
  throw new Error(`${name} is not reached by ${key}: ${passed.join(' > ')}`)
}

async function makeRoom({ page, name, origin }: Person): Promise<void> {
  await page.goto(`${origin}/`)
  await page.getByRole('button', { name: 'New room' }).waitFor()
  await tabTo(page, 'Your name')
  await page.keyboard.press('Control+A')
  await page.keyboard.type(name)
  await tabTo(page, 'New room', 'Shift+Tab')
  await page.keyboard.press('Enter')
  await expect.poll(() => focused(page)).toBe('Document')
}

it('[J1] [J2] a room is made, shared and joined by keyboard alone', async () => {
  const ada = await world.person('Ada')
  await makeRoom(ada)
  await ada.page.keyboard.type('- one\n')
  await ada.page.keyboard.press('Tab')
  await ada.page.keyboard.type('two')
  // In a list Tab indents: Escape is the way out.
  await ada.page.keyboard.press('Escape')
  expect(await focused(ada.page)).toBe('Undo')

  await tabTo(ada.page, 'Share', 'Shift+Tab')
  await ada.page.keyboard.press('Enter')
  await expect.poll(() => focused(ada.page)).toBe('Can view')
  await tabTo(ada.page, 'Create invite')
  await ada.page.keyboard.press('Enter')
  await expect.poll(() => focused(ada.page)).toBe('Copy link')
  const link = await ada.textbox('Invite link').inputValue()
  await ada.page.keyboard.press('Escape')
  await expect.poll(() => focused(ada.page)).toBe('Share')

  const ben = await world.person('Ben')
  await ben.page.goto(`${ben.origin}/`)
  await ben.page.getByRole('button', { name: 'New room' }).waitFor()
  await tabTo(ben.page, 'Room link')
  await ben.page.keyboard.insertText(link)
  await ben.page.keyboard.press('Enter')
  await ben.document.waitFor()
  await expect.poll(() => ben.page.evaluate(() => document.activeElement?.id)).toBe('content')
  await tabTo(ben.page, 'Document')
  expect(await ben.document.getAttribute('aria-readonly')).toBe('true')
  await expect.poll(() => ben.structure()).toContain('two')
})

it('[J7] what was done is where focus goes when its button is gone', async () => {
  const ada = await world.person('Ada')
  await makeRoom(ada)
  await tabTo(ada.page, 'Room menu', 'Shift+Tab')
  await ada.page.keyboard.press('Enter')
  await expect.poll(() => focused(ada.page)).toBe('Restore an earlier state')
  await ada.page.keyboard.press('ArrowDown')
  await ada.page.keyboard.press('Enter')
  await ada.page.getByRole('dialog', { name: 'Export to a file' }).waitFor()
  await tabTo(ada.page, 'Export')
  await ada.page.keyboard.press('Enter')
  await expect.poll(() => focused(ada.page)).toMatch(/handed to your browser’s downloads/)
  await ada.page.keyboard.press('Escape')
  await expect.poll(() => focused(ada.page)).toBe('Room menu')
})
