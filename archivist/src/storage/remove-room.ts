/** Rooms leave in one step, by a rename; their bytes go afterwards. Nothing here asks twice: whoever calls has. */
import { join } from 'node:path'
import { StorageError } from './api.ts'
import type { FileSystem } from './file-system.ts'
import { holdFolder } from './hold-folder.ts'
import { nodeFileSystem } from './node-file-system.ts'
import { assertRoomName, FOLDERS, moveRoom, quarantinedFolders, roomFolder } from './room-paths.ts'
import { asStorageError } from './storage-faults.ts'

/** Also what of the room lies in quarantine: afterwards it opens empty. */
export async function removeFolders(fs: FileSystem, dir: string, name: string): Promise<void> {
  try {
    if ((await fs.list(roomFolder(dir, name))).length > 0)
      await fs.remove(await moveRoom(fs, dir, name, 'trash'))
    for (const folder of await quarantinedFolders(fs, dir, name))
      await fs.remove(join(dir, FOLDERS.quarantine, folder))
  } catch (error) {
    throw asStorageError(error, 'removing the room')
  }
}

export interface FolderOptions {
  /** The caller holds the folder's lock; otherwise it is taken, and `locked` is thrown when a writer runs. */
  readonly folderIsHeld?: boolean
  readonly fs?: FileSystem
}

/** Runs while no other process writes the folder. */
export async function whileHeld<T>(dir: string, options: FolderOptions, run: () => Promise<T>): Promise<T> {
  let lost = false
  const hold = options.folderIsHeld
    ? null
    : await holdFolder(dir, () => {
        lost = true
      })
  try {
    const result = await run()
    if (lost) throw new StorageError('locked', 'another process took the folder meanwhile')
    return result
  } finally {
    await hold?.release()
  }
}

/** Throws {@link StorageError} `locked` while an archivist runs; that one removes by `DiskStorages.remove`. */
export async function removeRoom(dir: string, name: string, options: FolderOptions = {}): Promise<void> {
  assertRoomName(name)
  await whileHeld(dir, options, () => removeFolders(options.fs ?? nodeFileSystem, dir, name))
}
