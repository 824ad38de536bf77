/**
 *     DIR/rooms/NAME/manifest, segment-00000001.log, …
 *     DIR/quarantine/NAME.1/…   a room as it was when damage was found
 *     DIR/trash/NAME.1/…        being removed: gone at the next start at the latest
 *     DIR/incoming/NAME/…       being restored: not a room yet
 */
import { join } from 'node:path'
import { StorageError } from './api.ts'
import type { FileSystem } from './file-system.ts'
import { MANIFEST_FILE } from './manifest.ts'

export const FOLDERS = {
  rooms: 'rooms',
  quarantine: 'quarantine',
  trash: 'trash',
  incoming: 'incoming',
} as const

/** No dots and no slashes: it is a folder's name. */
const ROOM_NAME = /^[A-Za-z0-9_-]{1,64}$/

/** Throws {@link StorageError} `refused`. */
export function assertRoomName(name: string): void {
  if (!ROOM_NAME.test(name)) throw new StorageError('refused', 'this is not the name of a room')
}

export function roomFolder(dir: string, name: string): string {
  return join(dir, FOLDERS.rooms, name)
}

/** Rooms in which something was acknowledged, in order of their names. */
export async function roomNames(fs: FileSystem, dir: string): Promise<string[]> {
  const names: string[] = []
  for (const { name, isFolder } of await fs.list(join(dir, FOLDERS.rooms))) {
    if (!isFolder || !ROOM_NAME.test(name)) continue
    const files = await fs.list(roomFolder(dir, name))
    if (files.some((file) => file.name === MANIFEST_FILE)) names.push(name)
  }
  return names.sort()
}

/** Folders of this room in quarantine, the first to come first. */
export async function quarantinedFolders(fs: FileSystem, dir: string, name?: string): Promise<string[]> {
  const found = (await fs.list(join(dir, FOLDERS.quarantine))).filter(({ isFolder }) => isFolder)
  return found.map((folder) => folder.name).filter((folder) => name === undefined || roomOf(folder) === name)
}

/** Whose folder in quarantine or trash this is. */
export function roomOf(folder: string): string {
  return folder.slice(0, folder.lastIndexOf('.'))
}

/** Moves a room's folder in one step; after a power cut it is here or there. */
export async function moveRoom(
  fs: FileSystem,
  dir: string,
  name: string,
  to: 'quarantine' | 'trash',
): Promise<string> {
  await fs.makeFolder(join(dir, FOLDERS[to]))
  await fs.syncFolder(dir)
  const taken = new Set((await fs.list(join(dir, FOLDERS[to]))).map((folder) => folder.name))
  let number = 1
  while (taken.has(`${name}.${number}`)) number++
  const target = join(dir, FOLDERS[to], `${name}.${number}`)
  await fs.rename(roomFolder(dir, name), target)
  await fs.syncFolder(join(dir, FOLDERS[to]))
  await fs.syncFolder(join(dir, FOLDERS.rooms))
  return target
}
