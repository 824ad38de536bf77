import { sendKeys } from '@web/test-runner-commands'
import { afterEach, assertEqual, describe, it, shown } from '../testing/page.ts'
import { RoomMenu } from './room-menu.ts'

if (!customElements.get('room-menu')) customElements.define('room-menu', RoomMenu)

async function mount(): Promise<{ menu: RoomMenu; acted: string[] }> {
  const menu = document.createElement('room-menu') as RoomMenu
  const acted: string[] = []
  menu.items = (['exportRoom', 'earlierStates', 'recoverySave'] as const).map((label) => ({
    label,
    icon: 'key',
    act: () => acted.push(label),
  }))
  document.body.append(menu)
  const button = await shown(() => menu.querySelector<HTMLElement>('.menu-button'), 'the button')
  button.focus()
  return { menu, acted }
}

const focused = (): string => document.activeElement?.textContent?.trim() ?? ''
const isOpen = (menu: RoomMenu): string | null =>
  menu.querySelector('.menu-button')?.getAttribute('aria-expanded') ?? null

async function press(...keys: readonly string[]): Promise<void> {
  for (const key of keys) await sendKeys({ press: key })
}

describe('the room menu', () => {
  afterEach(async () => document.querySelector('room-menu')?.remove())

  it('is gone through by keyboard, round its ends, and acts', async () => {
    const { menu, acted } = await mount()
    await press('Enter')
    await shown(() => focused() === 'Export to a file', 'focus on the first item')
    await press('ArrowDown')
    assertEqual(focused(), 'Restore an earlier state', 'after Down')
    await press('End', 'ArrowDown')
    assertEqual(focused(), 'Export to a file', 'after the last')
    await press('ArrowUp')
    assertEqual(focused(), 'Save recovery file', 'before the first')
    await press('Enter')
    await shown(() => acted.length > 0, 'the act')
    assertEqual(acted.join(), 'recoverySave', 'acted')
    assertEqual(isOpen(menu), 'false', 'open afterwards')
  })

  it('closes with Escape, back to its button, and with a press elsewhere', async () => {
    const { menu, acted } = await mount()
    await press('ArrowDown')
    await shown(() => focused() === 'Export to a file', 'focus on the first item')
    await press('Escape')
    await shown(() => isOpen(menu) === 'false', 'closed')
    assertEqual(
      document.activeElement?.className.includes('menu-button') ?? false,
      true,
      'focus on the button',
    )
    await press('ArrowUp')
    await shown(() => focused() === 'Save recovery file', 'focus on the last item')
    document.body.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, composed: true }))
    await shown(() => isOpen(menu) === 'false', 'closed')
    assertEqual(acted.length, 0, 'acts')
  })
})
