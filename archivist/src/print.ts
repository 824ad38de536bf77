/** Answers of commands as a person reads them. Pure. */
import type { Operation } from './operations.ts'
import type { RoomLine } from './perform.ts'

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < UNITS.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`
}

function listText(rooms: readonly RoomLine[]): string {
  if (rooms.length === 0) return 'No room is kept here.'
  const lines = rooms.map(({ room, bytes, state, detail, entryCount, linkCount }) =>
    [
      room.padEnd(24),
      bytesText(bytes).padStart(10),
      (entryCount === null ? '' : `${entryCount} entries`).padStart(16),
      (linkCount === null ? '' : `${linkCount} links`).padStart(10),
      `  ${state}${detail ? ` (${detail})` : ''}`,
    ].join(''),
  )
  return lines.join('\n')
}

export function answerText({ op }: Operation, value: unknown): string {
  const { room, file, bytes, entryCount } = value as Readonly<Record<string, string | number>>
  switch (op) {
    case 'list':
      return listText(value as readonly RoomLine[])
    case 'keep':
    case 'add':
      return `Room ${room} is kept.`
    case 'remove':
      return `Room ${room} is deleted here.`
    case 'export':
      return `${file}: ${bytesText(Number(bytes))}`
    case 'import':
      return `Room ${room}: ${entryCount} entries stored.`
  }
}
