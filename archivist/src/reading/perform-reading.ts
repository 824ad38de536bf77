/** What commands do with rooms that may be read. Rooms that are not open, as in a command by itself, are opened for it. */
import type { KeptRoom } from '@parley/mesh'
import type { Folder } from '../folder.ts'
import type { RoomKeeper } from '../room-keeper.ts'
import { NAME_CHARACTERS } from '../room-keeper.ts'
import { exportPlain, type PlainExport } from './plain-export.ts'
import type { NamedRoom, SearchAnswer, Searcher } from './search.ts'

export interface ReadingParts {
  readonly folder: Folder
  readonly keeper: RoomKeeper
  readonly searcher: Searcher
}

/** `null`: all rooms. */
export async function searchRooms(
  parts: ReadingParts,
  room: string | null,
  words: readonly string[],
): Promise<SearchAnswer> {
  const rooms = room === null ? await openRooms(parts) : [await openRoom(parts, room)]
  if (room !== null) for (const each of rooms) sightOf(each.room)
  return parts.searcher.search(rooms, words)
}

/** Into a folder of files that are not sealed. */
export async function exportReadable(
  parts: ReadingParts,
  place: string,
  folder: string,
): Promise<PlainExport> {
  const { room } = await openRoom(parts, place)
  return exportPlain(room.id, sightOf(room), folder)
}

/** Throws when the room is kept blind. */
function sightOf(room: KeptRoom): NonNullable<KeptRoom['sight']> {
  if (!room.sight) throw new Error('this room is kept blind: nothing here can read it')
  return room.sight
}

async function openRoom({ folder, keeper }: ReadingParts, place: string): Promise<NamedRoom> {
  const name = place.slice(0, NAME_CHARACTERS)
  if (!(await folder.list()).includes(name)) throw new Error('no such room is kept here')
  if (!keeper.get(name)) await keeper.openAll([name])
  const room = keeper.get(name)
  if (!room) throw new Error(`the room cannot be opened: ${keeper.failureOf(name) ?? 'it is closed'}`)
  return { name, room }
}

/** Those that can be opened; the others are in the log. */
async function openRooms({ folder, keeper }: ReadingParts): Promise<NamedRoom[]> {
  const names = await folder.list()
  await keeper.openAll(names.filter((name) => !keeper.get(name)))
  return names.flatMap((name) => {
    const room = keeper.get(name)
    return room ? [{ name, room }] : []
  })
}
