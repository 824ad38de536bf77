/** The rooms of a folder with what commands ask of them beside storing. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from './log.ts'
import { isAbsent } from './small-file.ts'
import type { DiskStorages, StorageAlarm } from './storage/api.ts'
import { diskStorages } from './storage/disk-storages.ts'
import { FOLDERS, roomFolder, roomOf } from './storage/room-paths.ts'

export interface Folder extends DiskStorages {
  /** All rooms that are kept, also of those that cannot be opened. */
  listRooms(): Promise<readonly RoomOnDisk[]>
}

export interface RoomOnDisk {
  /** First 22 characters of the room's id. */
  readonly name: string
  readonly bytes: number
  /** Its bytes were found damaged: they lie in `quarantine`. */
  readonly quarantined: boolean
}

/** The caller holds the lock of the folder. */
export async function openFolder(
  dir: string,
  log: Log,
  alarm: (alarm: StorageAlarm) => void,
): Promise<Folder> {
  const storages = await diskStorages(dir, { log, alarm, folderIsHeld: true })
  return {
    open: (name) => storages.open(name),
    remove: (name) => storages.remove(name),
    list: () => storages.list(),
    health: () => storages.health(),
    close: () => storages.close(),
    async listRooms() {
      const rooms = (await storages.list()).map(async (name) => ({
        name,
        bytes: await folderBytes(roomFolder(dir, name)),
        quarantined: false,
      }))
      const aside = (await namesIn(join(dir, FOLDERS.quarantine))).map(async (folder) => ({
        name: roomOf(folder),
        bytes: await folderBytes(join(dir, FOLDERS.quarantine, folder)),
        quarantined: true,
      }))
      return Promise.all([...rooms, ...aside])
    },
  }
}

/** Empty for a folder that is not there, or went away meanwhile. */
async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}

async function folderBytes(path: string): Promise<number> {
  let bytes = 0
  for (const name of await namesIn(path)) {
    try {
      bytes += (await stat(join(path, name))).size
    } catch (error) {
      // A segment that was rewritten meanwhile is counted under its new name or not at all.
      if (!isAbsent(error)) throw error
    }
  }
  return bytes
}
