/** Whether a pasted text may be a room link, before anything is dialled. */
import { parseRoomLink } from '@parley/protocol'
import { type RoomRequest, routeOf } from './route.ts'
import type { UiKey } from './words.ts'

export type LinkCheck =
  | { readonly ok: true; readonly request: RoomRequest }
  | { readonly ok: false; readonly reason: UiKey }

/** Also takes the short address of a room that this device may keep. */
export function checkRoomLink(text: string): LinkCheck {
  const trimmed = text.trim()
  if (trimmed === '') return { ok: false, reason: 'roomLinkEmpty' }
  const verdict = parseRoomLink(trimmed)
  if (verdict.ok) return { ok: true, request: { kind: 'join', link: trimmed } }
  if (verdict.fault === 'damaged') return { ok: false, reason: 'roomLinkDamaged' }
  const hash = trimmed.indexOf('#')
  const route = hash === -1 ? null : routeOf(trimmed.slice(hash))
  if (route?.name === 'room' && route.request.kind === 'reopen') return { ok: true, request: route.request }
  return { ok: false, reason: 'roomLinkOther' }
}
