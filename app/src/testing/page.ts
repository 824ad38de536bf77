/** What tests of elements need: a place in the page, a way to wait for what it shows, and rooms that are counted. */
import { sendKeys } from '@web/test-runner-commands'
import { defineElements } from '../define-elements.ts'
import type { RoomScreen } from '../elements/room-screen.ts'
import { provideMesh } from '../mesh.ts'
import type { Room } from '../mesh-types.ts'
import { ProfileStore } from '../profile-store.ts'
import { RoomsList } from '../rooms-list.ts'
import type { RoomRequest } from '../route.ts'
import { ThemeStore } from '../theme-store.ts'
import * as fake from './fake-room.ts'

/** The parts of Mocha's interface that these tests use; the test runner puts them into the global scope. */
interface Mocha {
  describe(name: string, define: () => void): void
  it(name: string, run: () => Promise<void>): void
  beforeEach(run: () => void): void
  afterEach(run: () => Promise<void>): void
}
export const { describe, it, beforeEach, afterEach } = globalThis as unknown as Mocha

const WAIT_MS = 8_000

export function assertEqual<T>(actual: T, expected: T, what: string): void {
  if (!Object.is(actual, expected)) {
    throw new Error(`${what}: expected ${String(expected)}, got ${String(actual)}`)
  }
}

/** Resolves with what `look` finds as soon as the page shows it. */
export function shown<T>(look: () => T | null | undefined | false, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const observer = new MutationObserver(() => check())
    const end = (settle: () => void): void => {
      observer.disconnect()
      clearTimeout(timer)
      settle()
    }
    const check = (): void => {
      const found = look()
      if (found) end(() => resolve(found))
    }
    const timer = setTimeout(() => end(() => reject(new Error(`never shown: ${what}`))), WAIT_MS)
    observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
    check()
  })
}

export interface CountedRooms {
  /** Opened and not closed since. */
  readonly open: Set<fake.FakeRoom>
  /** Ever opened. */
  readonly all: fake.FakeRoom[]
}

/** From now on the app opens rooms in memory. */
export function countRooms(): CountedRooms {
  const rooms: CountedRooms = { open: new Set(), all: [] }
  const counted = async (opening: Promise<Room>): Promise<Room> => {
    const room = (await opening) as fake.FakeRoom
    rooms.all.push(room)
    rooms.open.add(room)
    room.onState(() => room.state.connection.name === 'closed' && rooms.open.delete(room))
    return room
  }
  provideMesh({
    ...fake,
    createRoom: (options) => counted(fake.createRoom(options)),
    joinRoom: (link, options) => counted(fake.joinRoom(link, options)),
    reopenRoom: (roomId, options) => counted(fake.reopenRoom(roomId, options)),
  })
  return rooms
}

let defined = false

export function makeRoomScreen(request: RoomRequest = { kind: 'create' }): RoomScreen {
  if (!defined) defineElements()
  defined = true
  const screen = document.createElement('room-screen') as RoomScreen
  const parts = { request, rooms: new RoomsList(), profile: new ProfileStore(), theme: new ThemeStore() }
  return Object.assign(screen, parts)
}

export function editorOf(screen: Element): Promise<HTMLElement> {
  return shown(() => screen.querySelector<HTMLElement>('[role="textbox"].prose'), 'the editor')
}

export function button(root: ParentNode, name: string): HTMLButtonElement | undefined {
  const nameOf = (each: HTMLElement): string =>
    each.getAttribute('aria-label') ?? each.textContent?.trim() ?? ''
  return [...root.querySelectorAll('button')].find((each) => nameOf(each) === name)
}

/** As on a keyboard. */
export function type(text: string): Promise<void> {
  return sendKeys({ type: text })
}

export function press(key: string): Promise<void> {
  return sendKeys({ press: key })
}
