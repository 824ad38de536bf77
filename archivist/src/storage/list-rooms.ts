import { join } from 'node:path'
import type { FileSystem } from './file-system.ts'
import { nodeFileSystem } from './node-file-system.ts'
import { FOLDERS, quarantinedFolders, roomFolder, roomNames, roomOf } from './room-paths.ts'

export interface RoomOnDisk {
  readonly name: string
  readonly bytes: number
  readonly segmentCount: number
  /** When a file of it was last written, by the file system's clock. */
  readonly lastWriteMs: number
  /** `quarantined`: damage was found; it is not opened until it is restored or removed. */
  readonly state: 'kept' | 'quarantined'
}

/** What lies in a folder, in order of the names; nothing is read but names, sizes and times. Another process may write. */
export async function listRooms(dir: string, fs: FileSystem = nodeFileSystem): Promise<RoomOnDisk[]> {
  const kept = await roomNames(fs, dir)
  const rooms = await Promise.all(kept.map((name) => roomIn(fs, roomFolder(dir, name), name, 'kept')))
  for (const folder of await quarantinedFolders(fs, dir)) {
    const name = roomOf(folder)
    // Restored, or quarantined more than once: said once.
    if (rooms.some((room) => room.name === name)) continue
    rooms.push(await roomIn(fs, join(dir, FOLDERS.quarantine, folder), name, 'quarantined'))
  }
  return rooms.sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function roomIn(
  fs: FileSystem,
  folder: string,
  name: string,
  state: RoomOnDisk['state'],
): Promise<RoomOnDisk> {
  const files = await fs.list(folder)
  return {
    name,
    state,
    bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    segmentCount: files.filter((file) => file.name.startsWith('segment-')).length,
    lastWriteMs: Math.max(0, ...files.map(({ modifiedMs }) => modifiedMs)),
  }
}
