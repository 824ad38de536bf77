/** What the address asks for. Everything after `#` stays in this browser. */
import { ROOM_ID_LINK_CHARACTERS } from '@parley/protocol'
import type { Room } from './mesh-types.ts'

export type RoomRequest =
  /** `relayOnly`: for good, nobody learns anybody's address. */
  | { readonly kind: 'create'; readonly relayOnly?: true }
  /** `link` holds a bearer secret. */
  | { readonly kind: 'join'; readonly link: string }
  /** From a file, or as a copy of another room. */
  | { readonly kind: 'opened'; readonly room: Room }
  /** 22 or 43 characters of a room that this device keeps. */
  | { readonly kind: 'reopen'; readonly roomId: string }

export type Route = { readonly name: 'home' } | { readonly name: 'room'; readonly request: RoomRequest }

const KEPT_ROOM = /^[A-Za-z0-9_-]{22}([A-Za-z0-9_-]{21})?$/

/** `fragment` begins with `#` or is empty. */
export function routeOf(fragment: string): Route {
  const fields = new URLSearchParams(fragment.slice(1))
  if (fields.has('g') || fields.has('s') || fields.has('k')) {
    return { name: 'room', request: { kind: 'join', link: fragment } }
  }
  const roomId = fields.get('r')
  if (roomId === null) return { name: 'home' }
  // A damaged id is still a wish for a room: answering it with Home would hide what went wrong.
  if (!KEPT_ROOM.test(roomId)) return { name: 'room', request: { kind: 'join', link: fragment } }
  return { name: 'room', request: { kind: 'reopen', roomId } }
}

/** What stays in the address bar once the room is open. */
export function fragmentOf(roomId: string): string {
  return `#r=${roomId.slice(0, ROOM_ID_LINK_CHARACTERS)}`
}
