/** What people are told of a room's events, and by which names. Pure. */
import type { CloseReason, KeyId } from '@parley/protocol'
import type { Room, RoomEvent } from './mesh-types.ts'
import { markedName, nameMarks } from './name-marks.ts'
import { type ProblemKind, word } from './words.ts'

/** Something that went wrong once: a kind of problem, or a sentence of its own. */
export type Mishap = { readonly problem: ProblemKind } | { readonly text: string }

export type Told = { readonly mishap: Mishap } | { readonly announcement: string }

export const TURNED_AWAY: Mishap = { problem: 'turned-away' }

const MISHAPS_SHOWN = 3

/** The same is told once; of many, the latest. */
export function addMishap(mishaps: readonly Mishap[], mishap: Mishap): readonly Mishap[] {
  const same = (one: Mishap): boolean => JSON.stringify(one) === JSON.stringify(mishap)
  return mishaps.some(same) ? mishaps : [...mishaps, mishap].slice(-MISHAPS_SHOWN)
}

/** Those who are not here now count as well: somebody else may have come under their name. */
export function marksIn(room: Pick<Room, 'state' | 'members'>): ReadonlyMap<KeyId, string> {
  return nameMarks([...room.state.people, ...room.members()].filter(({ name }) => name !== ''))
}

/** `null` for what is told otherwise, or to nobody. */
export function toldOf(event: RoomEvent, room: Pick<Room, 'self' | 'state' | 'members'>): Told | null {
  switch (event.type) {
    case 'error':
      return { mishap: { problem: event.error.kind } }
    case 'author-refused':
      return { mishap: { text: word('authorRefused') } }
    case 'equivocation':
      return room.self.role === 'owner' ? { mishap: equivocation(event) } : null
    case 'archivist-rolled-back':
      return { mishap: { text: word('archivistRolledBack') } }
    case 'link-closed':
      return isTurnedAway(event.reason, room) ? { mishap: TURNED_AWAY } : null
    case 'joined':
    case 'left': {
      const name = markedName(event.person, marksIn(room))
      return { announcement: word(event.type === 'joined' ? 'personJoined' : 'personLeft', { name }) }
    }
    case 'revoked':
      // The state says so for as long as it is so.
      return null
  }
}

/** The key says who it was; others may have the name. */
function equivocation({ author, name }: Extract<RoomEvent, { type: 'equivocation' }>): Mishap {
  const marks = new Map([[author, author.slice(0, 4)]])
  const who = markedName({ key: author, name: name || word('nameless') }, marks)
  return { text: word('equivocation', { name: who }) }
}

/** One person may lie about what others decided: it counts while nobody else lets this device in. */
function isTurnedAway(reason: CloseReason, { state }: Pick<Room, 'state'>): boolean {
  return reason === 'revoked' && state.connection.name !== 'connected'
}
