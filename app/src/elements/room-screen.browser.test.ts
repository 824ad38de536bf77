import { roomIdOf } from '@parley/protocol'
import * as Y from 'yjs'
import { tellImport } from '../import-news.ts'
import type { FakeRoom } from '../testing/fake-room.ts'
import {
  afterEach,
  assertEqual,
  beforeEach,
  button,
  type CountedRooms,
  countRooms,
  describe,
  editorOf,
  it,
  makeRoomScreen,
  press,
  shown,
  type,
} from '../testing/page.ts'
import type { RoomScreen } from './room-screen.ts'

let rooms: CountedRooms
let screen: RoomScreen

beforeEach(() => {
  rooms = countRooms()
  screen = makeRoomScreen()
})
afterEach(async () => {
  screen.remove()
})

async function opened(): Promise<{ room: FakeRoom; editor: HTMLElement }> {
  document.body.append(screen)
  const editor = await editorOf(screen)
  const room = rooms.all.at(-1)
  if (!room) throw new Error('no room was opened')
  return { room, editor }
}

async function caretToEnd(editor: HTMLElement): Promise<void> {
  editor.focus()
  await press('Control+End')
}

const page = (): string => screen.querySelector('.prose')?.textContent ?? ''
const shows = (text: string): Promise<unknown> => shown(() => page().includes(text), text)

describe('the screen of a room', () => {
  it('opens one room when it is mounted, unmounted and mounted at once, and its editor works', async () => {
    document.body.append(screen)
    screen.remove()
    document.body.append(screen)
    await caretToEnd(await editorOf(screen))
    await type(' Typed.')
    await shows('Typed.')
    assertEqual(rooms.open.size, 1, 'open rooms')
    assertEqual(screen.querySelectorAll('.prose').length, 1, 'editors')
  })

  it('keeps its room when it is moved while the room is open', async () => {
    const { room } = await opened()
    screen.remove()
    document.body.append(screen)
    await caretToEnd(await editorOf(screen))
    await type(' Moved.')
    await shows('Moved.')
    assertEqual(rooms.open.size, 1, 'open rooms')
    assertEqual(rooms.open.has(room), true, 'the same room is open')
  })

  it('closes its room when it leaves', async () => {
    const { room } = await opened()
    const closed = new Promise((resolve) => room.onState(() => resolve(room.state.connection.name)))
    screen.remove()
    assertEqual(await closed, 'closed', 'connection')
    assertEqual(rooms.open.size, 0, 'open rooms')
  })

  it('[F38] shows the text of a replaced document, says so, and is written on', async () => {
    const { room, editor } = await opened()
    const before = page()
    const handle = room.document('content/main')
    if (!('replace' in handle) || typeof handle.replace !== 'function') throw new Error('not replaceable')
    handle.replace()
    await shown(() => !editor.isConnected, 'another editor')
    await shown(() => screen.textContent?.includes('The document was rebuilt'), 'the notice')
    // Carets of others are no part of the text.
    assertEqual(page().startsWith(before.slice(0, 30)), true, 'the text is kept')
    await caretToEnd(await editorOf(screen))
    await type(' After.')
    await shows('After.')
    assertEqual(handle.doc.getXmlFragment('prosemirror').toString().includes('After.'), true, 'written')
  })

  it('[F39] shows a caret under the name that its owner has now, and lives with carets that are nowhere', async () => {
    const { room } = await opened()
    const { awareness, doc } = room.document('content/main')
    const label = await shown(() => screen.querySelector('.caret-label'), 'a caret')
    assertEqual(label.textContent, 'Ada Lovelace', 'name')
    awareness.setRemoteState(77, { ...awareness.states.get(77), user: { name: 'Mallory', color: '#112233' } })
    await shown(() => screen.querySelector('.caret-label')?.textContent === 'Mallory', 'the new name')
    for (const cursor of [
      { anchor: null, head: null },
      { anchor: {}, head: {} },
      { anchor: { tname: 'x' }, head: { tname: 'x' } },
    ]) {
      awareness.setRemoteState(78, { user: { name: 'Nowhere', color: '#112233' }, cursor })
    }
    const other = new Y.XmlElement('paragraph')
    other.insert(0, [new Y.XmlText('By another.')])
    doc.getXmlFragment('prosemirror').push([other])
    await shows('By another.')
    assertEqual(doc.share.has('x'), false, 'another root was made')
  })

  it('gives focus back to Share when the dialog closes', async () => {
    const { editor } = await opened()
    await shown(() => editor.classList.contains('ProseMirror-focused'), 'the caret in a new room')
    const share = await shown(() => button(screen, 'Share'), 'Share')
    share.focus()
    await press('Enter')
    const dialog = await shown(
      () => screen.querySelector<HTMLDialogElement>('dialog.share[open]'),
      'the dialog',
    )
    assertEqual(dialog.contains(document.activeElement), true, 'focus is in the dialog')
    await press('Escape')
    await shown(() => !dialog.open, 'the dialog closed')
    assertEqual<Element | null>(document.activeElement, share, 'focus')
  })

  it('[F23] can only be read once access was taken back, says so, and keeps the text', async () => {
    const { room } = await opened()
    await caretToEnd(await editorOf(screen))
    await type(' Mine.')
    await shows('Mine.')
    room.change({ connection: { name: 'refused', reason: 'revoked' } })
    room.emit({ type: 'revoked' })
    const locked = await shown(
      () => screen.querySelector<HTMLElement>('.prose[aria-readonly="true"]'),
      'a reader',
    )
    await shown(
      () => screen.querySelector('[role="alert"]')?.textContent?.includes('taken back'),
      'the words',
    )
    const before = page()
    locked.focus()
    await type('not any more')
    assertEqual(page(), before, 'the text')
    assertEqual(before.includes('Mine.'), true, 'the own text is kept')
  })

  it('[F31] tells owners who sent two versions of one change, by name and key', async () => {
    const { room } = await opened()
    const author = room.state.people[1]?.key
    if (!author) throw new Error('nobody else here')
    room.emit({ type: 'equivocation', author, name: 'Ada Lovelace' })
    const said = await shown(() => screen.querySelector('[role="alert"]')?.textContent, 'the notice')
    assertEqual(said.includes(`Ada Lovelace · ${author.slice(0, 4)}`), true, said)
  })

  it('says that another window imported into the room, and opens it again when asked to', async () => {
    const { room } = await opened()
    tellImport(roomIdOf(new Uint8Array(32)))
    tellImport(room.id)
    const again = await shown(() => button(screen, 'Open again'), 'the offer')
    const closed = new Promise((resolve) => room.onState(() => resolve(room.state.connection.name)))
    again.click()
    assertEqual(await closed, 'closed', 'connection')
    await shown(() => rooms.all.length === 2 && screen.querySelector('.prose'), 'the room opened again')
    assertEqual(button(screen, 'Open again'), undefined, 'the offer')
    assertEqual(rooms.open.size, 1, 'open rooms')
  })

  it('marks two people with the same name, and shows whole keys on demand', async () => {
    const { room } = await opened()
    const [self, ada, lin] = room.state.people
    if (!self || !ada || !lin) throw new Error('nobody else here')
    room.change({ people: [self, ada, { ...lin, name: 'ADA  Lovelace' }] })
    const items = (): string[] =>
      [...screen.querySelectorAll('.people li')].map((item) => item.textContent ?? '')
    await shown(() => items()[2]?.includes(`ADA  Lovelace · ${lin.key.slice(0, 4)}`), 'the mark of the one')
    assertEqual(items()[1]?.includes(`Ada Lovelace · ${ada.key.slice(0, 4)}`), true, 'the mark of the other')
    assertEqual(items()[0]?.includes(' · '), false, 'no mark for others')
    screen.querySelector<HTMLInputElement>('.show-keys input')?.click()
    await shown(() => items()[1]?.replaceAll(' ', '').includes(ada.key), 'the whole key')
  })
})

describe('the screen of somebody who can only view', () => {
  it('[J2] has an editor that says it is read-only, and does not change on typing', async () => {
    history.replaceState(null, '', `${location.pathname}${location.search}&role=viewer`)
    const { editor } = await opened()
    assertEqual(editor.getAttribute('aria-readonly'), 'true', 'aria-readonly')
    assertEqual(editor.getAttribute('aria-label'), 'Document', 'name')
    const before = page()
    editor.focus()
    await type('not mine')
    await press('Backspace')
    assertEqual(page(), before, 'the text')
  })
})
