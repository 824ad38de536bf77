/** Answers of commands as a person reads them. Pure. */
import type { Operation } from './operations.ts'
import type { RoomLine } from './perform.ts'
import type { PlainExport } from './reading/plain-export.ts'
import type { SearchAnswer, SearchHit } from './reading/search.ts'
import type { AddedRoom } from './room-keeper.ts'

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < UNITS.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`
}

function listText(rooms: readonly RoomLine[]): string {
  if (rooms.length === 0) return 'No room is kept here.'
  const lines = rooms.map(({ room, bytes, state, detail, entryCount, linkCount, sighted }) =>
    [
      room.padEnd(24),
      bytesText(bytes).padStart(10),
      (entryCount === null ? '' : `${entryCount} entries`).padStart(16),
      (linkCount === null ? '' : `${linkCount} links`).padStart(10),
      `  ${(sighted === null ? '' : sightText(sighted)).padEnd('sighted'.length)}`,
      `  ${state}${detail ? ` (${detail})` : ''}`,
    ].join(''),
  )
  return lines.join('\n')
}

const missingText = (count: number): string =>
  `${count} entries are left out: a key for them is not here, or what they build on.`

const sightText = (sighted: boolean): string => (sighted ? 'sighted' : 'blind')

function hitText({ room, document, title, snippets, author, time }: SearchHit): string {
  const by = author === '' ? '' : ` by ${author}`
  const lines = snippets.map(({ text, marks }) => `    ${marked(text, marks)}`)
  return [`${room}  ${document}${title === '' ? '' : `  ${title}`}  (${time}${by})`, ...lines].join('\n')
}

function marked(text: string, marks: SearchHit['snippets'][number]['marks']): string {
  const end = marks.at(-1)?.[1] ?? 0
  const parts = marks.map(
    ([from, to], i) => `${text.slice(marks[i - 1]?.[1] ?? 0, from)}[${text.slice(from, to)}]`,
  )
  return parts.join('') + text.slice(end)
}

function searchText({
  hits,
  moreCount,
  searchedRooms,
  blindRooms,
  missingCount,
  cutCount,
}: SearchAnswer): string {
  const notes = [
    hits.length === 0 ? 'Nothing was found.' : '',
    moreCount > 0 ? `${moreCount} more documents contain this.` : '',
    blindRooms > 0 ? `${searchedRooms} rooms were searched; ${blindRooms} are kept blind and cannot be.` : '',
    missingCount > 0 ? `${missingText(missingCount)}` : '',
    cutCount > 0 ? `${cutCount} documents are too long to be searched to their end.` : '',
  ]
  return [...hits.map(hitText), ...notes.filter((note) => note !== '')].join('\n')
}

function plainText({ file, documentCount, missingCount }: PlainExport): string {
  const rest = missingCount > 0 ? ` ${missingText(missingCount)}` : ''
  return `${file}: ${documentCount} documents, readable for everybody who has the folder.${rest}`
}

export function answerText(operation: Operation, value: unknown): string {
  const { room, file, bytes, entryCount } = value as Readonly<Record<string, string | number>>
  switch (operation.op) {
    case 'list':
      return listText(value as readonly RoomLine[])
    case 'keep':
    case 'add':
      return `Room ${room} is kept, ${sightText((value as AddedRoom).sighted)}.`
    case 'search':
      return searchText(value as SearchAnswer)
    case 'remove':
      return `Room ${room} is deleted here.`
    case 'export':
      return operation.plain ? plainText(value as PlainExport) : `${file}: ${bytesText(Number(bytes))}`
    case 'import':
      return `Room ${room}: ${entryCount} entries stored.`
  }
}
