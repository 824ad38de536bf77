import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { World } from './harness.ts'
import { npmStart, type StartedCommand } from './started-command.ts'

let world: World
let started: StartedCommand

beforeAll(async () => {
  world = await World.open()
  started = await npmStart()
})
afterEach(() => world.clear())
afterAll(async () => {
  await world.close()
  await started.stop()
})

/** Ada's new room, and Ben in it as an editor. */
async function adaAndBen() {
  const ada = await world.person('Ada', started.origin)
  const ben = await world.person('Ben', started.origin)
  await ada.makeRoom()
  await ada.type('Hello from Ada.')
  await ben.enter(await ada.invite('Can edit'))
  return { ada, ben }
}

describe('[J1] two people', () => {
  it('start the app, share a link, and see each other’s text, names and carets', async () => {
    const { ada, ben } = await adaAndBen()
    await expect.poll(() => ben.text()).toBe('Hello from Ada.')
    await ben.append(' And hello from Ben.')
    await expect.poll(() => ada.text()).toBe('Hello from Ada. And hello from Ben.')

    // A caret is shown while its owner is in the text.
    await ada.document.focus()
    for (const [who, other] of [
      [ada, ben],
      [ben, ada],
    ] as const) {
      await expect.poll(() => who.people.count()).toBe(2)
      await expect.poll(() => who.people.allTextContents().then((all) => all.join())).toContain(other.name)
      await expect.poll(() => who.document.getByText(other.name, { exact: true }).isVisible()).toBe(true)
      await expect.poll(() => who.status('Connection').textContent()).toBe('Connected to 1 device')
    }
    await expect.poll(() => ben.status('Save state').textContent()).toMatch(/^On this device · With 1 p/)
    const [adaFacts, benFacts] = await ada.people.allTextContents()
    expect(adaFacts).toContain('Owner')
    expect(benFacts).toContain('Can edit')
    expect(ada.requestCount + ben.requestCount).toBeGreaterThan(8)
    expect([...ada.faults(), ...ben.faults()]).toEqual([])
  })

  it('keep formatting on its way', async () => {
    const { ada, ben } = await adaAndBen()
    await ada.append('')
    await ada.page.keyboard.press('Enter')
    await ada.button('Heading').click()
    await ada.page.keyboard.type('A heading')
    await ada.page.keyboard.press('Enter')
    await ada.page.keyboard.type('plain ')
    await ada.button('Bold').click()
    await ada.page.keyboard.type('bold')
    await ada.button('Bold').click()
    await ada.page.keyboard.press('Enter')
    await ada.button('Bullet list').click()
    await ada.page.keyboard.type('an item')
    await expect.poll(() => ben.text()).toContain('an item')
    const structure = await ada.structure()
    for (const part of ['heading "A heading"', 'strong: bold', 'listitem']) expect(structure).toContain(part)
    await expect.poll(() => ben.structure()).toBe(structure)
    expect([...ada.faults(), ...ben.faults()]).toEqual([])
  })

  it('undo their own work only', async () => {
    const { ada, ben } = await adaAndBen()
    await expect.poll(() => ben.text()).toBe('Hello from Ada.')
    await ben.append(' Ben’s words.')
    await expect.poll(() => ada.text()).toBe('Hello from Ada. Ben’s words.')
    await ada.document.focus()
    await ada.button('Undo').click()
    await expect.poll(() => ben.text()).toBe(' Ben’s words.')
    await ben.document.focus()
    await ben.page.keyboard.press('Control+z')
    await expect.poll(() => ada.text()).toBe('')
    await ada.button('Redo').click()
    await expect.poll(() => ben.text()).toBe('Hello from Ada.')
    expect([...ada.faults(), ...ben.faults()]).toEqual([])
  })
})
