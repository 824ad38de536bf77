import { join } from 'node:path'
import { StorageError } from './api.ts'
import type { FileSystem } from './file-system.ts'
import { nodeFileSystem } from './node-file-system.ts'
import { type FolderOptions, whileHeld } from './remove-room.ts'
import { FOLDERS, roomFolder, roomNames } from './room-paths.ts'
import { asStorageError } from './storage-faults.ts'
import { verifyFolder } from './verify-room.ts'

export interface RestoreResult {
  readonly restored: readonly string[]
  /** Left out, since they are damaged in the copy. */
  readonly damaged: readonly string[]
}

/**
 * Puts rooms of a copy into `dir`: all of them, or `names`. Throws {@link StorageError} `refused`, and changes nothing, when
 * `dir` has one of them or the copy lacks one; `locked` while an archivist runs. A room in quarantine is no obstacle: its
 * bytes stay there.
 */
export async function restore(
  from: string,
  dir: string,
  options: FolderOptions & { readonly names?: readonly string[] } = {},
): Promise<RestoreResult> {
  const fs = options.fs ?? nodeFileSystem
  return whileHeld(dir, options, async () => {
    try {
      return await restoreAll(fs, from, dir, options.names)
    } catch (error) {
      throw asStorageError(error, 'restoring')
    }
  })
}

async function restoreAll(
  fs: FileSystem,
  from: string,
  dir: string,
  wanted: readonly string[] | undefined,
): Promise<RestoreResult> {
  const there = await roomNames(fs, from)
  const names = wanted ?? there
  const missing = names.filter((name) => !there.includes(name))
  if (missing.length > 0) throw new StorageError('refused', `the copy has no room ${missing.join(', ')}`)
  const taken = (await roomNames(fs, dir)).filter((name) => names.includes(name))
  if (taken.length > 0)
    throw new StorageError(
      'refused',
      `nothing is overwritten, and these rooms are there: ${taken.join(', ')}`,
    )
  const restored: string[] = []
  const damaged: string[] = []
  await fs.makeFolder(join(dir, FOLDERS.rooms))
  await fs.syncFolder(dir)
  for (const name of names) {
    const { state } = await verifyFolder(fs, roomFolder(from, name), name)
    if (state !== 'whole') damaged.push(name)
    else {
      await restoreRoom(fs, roomFolder(from, name), dir, name)
      restored.push(name)
    }
  }
  return { restored, damaged }
}

/** Beside first, then in place in one step: half a room is never taken for one. */
async function restoreRoom(fs: FileSystem, from: string, dir: string, name: string): Promise<void> {
  const beside = join(dir, FOLDERS.incoming, name)
  await fs.remove(beside)
  await fs.makeFolder(beside)
  for (const { name: file, isFolder } of await fs.list(from)) {
    if (isFolder) continue
    const target = await fs.open(join(beside, file))
    try {
      await target.write(await fs.read(join(from, file)), 0)
      await target.sync()
    } finally {
      await target.close()
    }
  }
  await fs.syncFolder(beside)
  // Left by a room that was opened and never written.
  await fs.remove(roomFolder(dir, name))
  await fs.rename(beside, roomFolder(dir, name))
  await fs.syncFolder(join(dir, FOLDERS.rooms))
}
