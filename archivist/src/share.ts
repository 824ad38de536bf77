/**
 * Which of several archivists keep a room: rendezvous hashing. Each of `count` archivists scores the room by
 * SHA-256("parley/share/v1" ‖ room id ‖ its number); the `copies` highest keep it. Everybody computes the same without
 * asking, and one archivist more moves only the rooms that it takes over. Pure but for the hash.
 */
import { createHash } from 'node:crypto'

export interface Share {
  /** From 1. */
  readonly index: number
  readonly count: number
  /** How many archivists keep each room. */
  readonly copies: number
}

export const WHOLE: Share = { index: 1, count: 1, copies: 1 }

function score(room: string, index: number): string {
  return createHash('sha256').update(`parley/share/v1 ${room} ${index}`).digest('hex')
}

/** Numbers of the archivists that keep `room` (its whole id), the highest score first. */
export function keepersOf(room: string, { count, copies }: Omit<Share, 'index'>): readonly number[] {
  return Array.from({ length: count }, (_, at) => at + 1)
    .map((index) => ({ index, score: score(room, index) }))
    .sort((a, b) => (a.score < b.score ? 1 : -1))
    .slice(0, copies)
    .map(({ index }) => index)
}

export function isOurs(room: string, share: Share): boolean {
  return keepersOf(room, share).includes(share.index)
}

/** `2/3`; `null` for anything else. */
export function parseShare(text: string): Omit<Share, 'copies'> | null {
  const [, index, count] = /^([1-9]\d{0,2})\/([1-9]\d{0,2})$/.exec(text) ?? []
  const share = { index: Number(index), count: Number(count) }
  return index && share.index <= share.count ? share : null
}
