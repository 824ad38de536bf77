/** The rooms of a folder, as the keeper uses them. */
import type { Log } from './log.ts'
import type { DiskStorages, StorageAlarm } from './storage/api.ts'
import { diskStorages } from './storage/disk-storages.ts'
import { listRooms, type RoomOnDisk } from './storage/list-rooms.ts'

export interface Folder extends DiskStorages {
  /** All rooms that are kept, also of those that cannot be opened. */
  listRooms(): Promise<readonly RoomOnDisk[]>
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
    listRooms: () => listRooms(dir),
  }
}
