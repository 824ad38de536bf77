/** The rooms of this person: a small Y.Doc of their own, kept in IndexedDB. It holds no key and no link. */
import { parseRoomId, ROLES, type Role, type RoomId } from '@parley/protocol'
import { IndexeddbPersistence } from 'y-indexeddb'
import * as Y from 'yjs'

export interface KnownRoom {
  readonly roomId: RoomId
  readonly title: string
  readonly role: Role
  /** Unix time in milliseconds. */
  readonly lastOpenedMs: number
}

const DATABASE = 'parley-rooms'
const TITLE_CHARACTERS = 200

/** Values of the list may come from another version of the app. */
export function parseKnownRoom(key: string, value: unknown): KnownRoom | null {
  const roomId = parseRoomId(key)
  if (roomId === null || typeof value !== 'object' || value === null) return null
  const { title, role, lastOpenedMs } = value as Record<string, unknown>
  if (typeof title !== 'string' || typeof lastOpenedMs !== 'number') return null
  const known = ROLES.find((each) => each === role)
  return known === undefined
    ? null
    : { roomId, title: title.slice(0, TITLE_CHARACTERS), role: known, lastOpenedMs }
}

export class RoomsList {
  readonly #doc = new Y.Doc()
  readonly #rooms = this.#doc.getMap<unknown>('rooms')
  /** Resolves when the rooms of earlier visits are in; rejects where the browser keeps no database. */
  readonly whenLoaded: Promise<void>

  constructor() {
    const kept = new IndexeddbPersistence(DATABASE, this.#doc)
    this.whenLoaded = kept._db.then(() => kept.whenSynced).then(() => undefined)
  }

  /** The one opened last comes first. */
  all(): readonly KnownRoom[] {
    const rooms = [...this.#rooms.entries()].map(([key, value]) => parseKnownRoom(key, value))
    return rooms
      .filter((room): room is KnownRoom => room !== null)
      .sort((one, other) => other.lastOpenedMs - one.lastOpenedMs)
  }

  remember({ roomId, title, role, lastOpenedMs }: KnownRoom): void {
    this.#rooms.set(roomId, { title: title.slice(0, TITLE_CHARACTERS), role, lastOpenedMs })
  }

  forget(roomId: RoomId): void {
    this.#rooms.delete(roomId)
  }

  subscribe(listener: () => void): () => void {
    this.#rooms.observe(listener)
    return () => this.#rooms.unobserve(listener)
  }
}
