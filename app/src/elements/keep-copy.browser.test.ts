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
  shown,
} from '../testing/page.ts'
import type { RoomScreen } from './room-screen.ts'

const KEEP = 'Keep a copy on this server'
const address = location.pathname + location.search
let rooms: CountedRooms
let screen: RoomScreen

beforeEach(() => {
  rooms = countRooms()
  screen = makeRoomScreen()
})
afterEach(async () => {
  screen.remove()
  history.replaceState(null, '', address)
})

async function opened(wish: string): Promise<FakeRoom> {
  history.replaceState(null, '', `${address}${address.includes('?') ? '&' : '?'}${wish}`)
  document.body.append(screen)
  await editorOf(screen)
  const room = rooms.all.at(-1)
  if (!room) throw new Error('no room was opened')
  for (const name of ['Keep it', 'Later']) button(screen, name)?.click()
  await screen.updateComplete
  button(screen, 'Later')?.click()
  await screen.updateComplete
  return room
}

const dialog = (): HTMLDialogElement =>
  screen.querySelector<HTMLDialogElement>('dialog.share') as HTMLDialogElement

async function openShare(): Promise<HTMLDialogElement> {
  button(screen, 'Share')?.click()
  return shown(() => (dialog()?.open ? dialog() : null), 'the dialog')
}

describe('keeping a copy on the server', () => {
  it('[J5] is offered after New room, asks once, says that it is done, and the machine is a member, not a person', async () => {
    const room = await opened('archivist=yes')
    const ask = await shown(() => button(screen.querySelector('.notices') ?? screen, KEEP), 'the offer')
    const people = screen.querySelectorAll('.people li').length
    ask.click()
    await shown(
      () => screen.querySelector('.notices')?.textContent?.includes('keeps a sealed copy of this room'),
      'done',
    )
    assertEqual(button(screen, KEEP), undefined, 'the button is gone')
    const saved = screen.querySelector('[aria-label="Save state"]')
    await shown(() => saved?.textContent?.includes('With the archivist'), 'the third fact')
    assertEqual(screen.querySelectorAll('.people li').length, people, 'people')
    assertEqual(room.state.people.length, people, 'people of the room')
    const share = await openShare()
    await shown(() => share.textContent?.includes('A machine: keeps a sealed copy'), 'the member')
    assertEqual(button(share, KEEP), undefined, 'not offered twice')
  })

  it('[J5] says in words why it did not come about, and can be asked again', async () => {
    await opened('archivist=refuses')
    const share = await openShare()
    ;(await shown(() => button(share, KEEP), 'the offer')).click()
    await shown(
      () => share.querySelector('[role="alert"]')?.textContent?.includes('does not keep this room'),
      'the words',
    )
    assertEqual(button(share, KEEP)?.disabled, false, 'asked again')
  })

  it('[AR10] lets the server read only where its box was ticked, says so to everybody, and can be asked again when revoked', async () => {
    const room = await opened('archivist=yes')
    const notice = screen.querySelector('.notices')
    await shown(() => button(notice ?? screen, KEEP), 'the offer')
    assertEqual(notice?.querySelector('input[type="checkbox"]'), null, 'no box in the notice')
    const share = await openShare()
    const box = await shown(() => share.querySelector<HTMLInputElement>('keep-copy input'), 'the box')
    assertEqual(box.labels?.[0]?.textContent?.trim(), 'Let the server read and search this room', 'name')
    const warning = document.getElementById(box.getAttribute('aria-describedby') ?? '')
    assertEqual(warning?.textContent?.includes('can then read everything in this room'), true, 'warning')
    assertEqual(box.checked, false, 'blind by default')
    box.click()
    button(share, KEEP)?.click()
    await shown(() => share.textContent?.includes('can read everything in it'), 'said')
    await shown(
      () => share.textContent?.includes('A machine: keeps a copy, can read everything'),
      'the member',
    )
    assertEqual(share.textContent?.includes('revoke it below'), true, 'the way back')
    const machine = room.members().find(({ role }) => role === 'archivist')
    if (!machine) throw new Error('no archivist')
    await room.revoke(machine.key)
    room.change({ save: { ...room.state.save, archivist: 'none' } })
    await shown(() => button(share, KEEP), 'offered again')
    assertEqual(share.querySelector<HTMLInputElement>('keep-copy input')?.checked, false, 'blind again')
  })

  it('is not offered where the server has no archivist', async () => {
    const room = await opened('people=1')
    const share = await openShare()
    assertEqual(button(screen, KEEP), undefined, 'no offer')
    room.change({ archivistOffered: true })
    await shown(() => button(share, KEEP), 'the offer')
  })

  it('is not offered to who does not own the room', async () => {
    await opened('archivist=yes&role=editor')
    await openShare()
    assertEqual(button(screen, KEEP), undefined, 'no offer')
  })
})

describe('receiving a large room', () => {
  it('shows how far it has come while it lasts', async () => {
    const room = await opened('people=1')
    room.change({ sync: { receivedCount: 300, missingCount: 900, receivedBytes: 4_200_000 } })
    const bar = await shown(() => screen.querySelector('progress'), 'progress')
    assertEqual(bar.value, 25, 'percent')
    assertEqual(screen.querySelector('#receiving')?.textContent, 'Receiving the room: 25 % (4.2 MB)', 'words')
    room.change({ sync: null })
    await shown(() => screen.querySelector('progress') === null, 'the end')
  })

  it('[F48] tells that an archivist was put back', async () => {
    const room = await opened('people=1')
    const archivist = room.state.people[0]?.key
    if (!archivist) throw new Error('nobody here')
    room.emit({ type: 'archivist-rolled-back', archivist })
    await shown(
      () => screen.querySelector('[role="alert"]')?.textContent?.includes('older state'),
      'the words',
    )
  })
})
