import { join } from 'node:path'
import type { StorageError } from './api.ts'
import { backupRoom, type RoomBackup } from './backup-room.ts'
import type { FileSystem } from './file-system.ts'
import { nodeFileSystem } from './node-file-system.ts'
import { FOLDERS, roomFolder, roomNames } from './room-paths.ts'
import { asStorageError } from './storage-faults.ts'

export interface BackupResult {
  readonly rooms: ReadonlyMap<string, RoomBackup>
  readonly copiedBytes: number
  /** Whether every room is in the copy as it was. */
  readonly isComplete: boolean
}

/**
 * Brings the copy in `to` up to what is in `dir`: only bytes that it lacks are copied, and rooms that `dir` no longer has
 * stay in it. `dir` may be written meanwhile. Throws {@link StorageError} for what the machine refuses.
 */
export async function backup(
  dir: string,
  to: string,
  fs: FileSystem = nodeFileSystem,
): Promise<BackupResult> {
  const rooms = new Map<string, RoomBackup>()
  try {
    await fs.makeFolder(join(to, FOLDERS.rooms))
    await fs.syncFolder(to)
    for (const name of await roomNames(fs, dir))
      rooms.set(name, await backupRoom(fs, roomFolder(dir, name), roomFolder(to, name)))
  } catch (error) {
    throw asStorageError(error, 'copying')
  }
  const results = [...rooms.values()]
  return {
    rooms,
    copiedBytes: results.reduce((sum, room) => sum + (room.outcome === 'copied' ? room.copiedBytes : 0), 0),
    isComplete: results.every(({ outcome }) => outcome !== 'refused'),
  }
}
