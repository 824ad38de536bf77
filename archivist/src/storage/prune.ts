/**
 * The archivist keeps everything of a room, so nothing within one can go before there are snapshots: pruning takes whole
 * rooms that nobody wrote to for long, and copies of damaged ones once their room is well again.
 */
import { join } from 'node:path'
import type { FileSystem } from './file-system.ts'
import { listRooms } from './list-rooms.ts'
import { nodeFileSystem } from './node-file-system.ts'
import { type FolderOptions, removeFolders, whileHeld } from './remove-room.ts'
import { FOLDERS, quarantinedFolders, roomNames, roomOf } from './room-paths.ts'
import { asStorageError } from './storage-faults.ts'

export interface PruneOptions extends FolderOptions {
  /** Rooms last written before this moment go, as a whole and for good. Without it no room goes. */
  readonly unusedSinceMs?: number
}

export interface PruneResult {
  readonly removedRooms: readonly string[]
  readonly freedBytes: number
}

/**
 * Also takes what an interrupted removal or restoration left, and what lies in quarantine of rooms that were restored
 * since. What lies only in quarantine stays. Throws {@link StorageError} `locked` while an archivist runs.
 */
export async function prune(dir: string, options: PruneOptions = {}): Promise<PruneResult> {
  const fs = options.fs ?? nodeFileSystem
  return whileHeld(dir, options, async () => {
    try {
      const before = await bytesBelow(fs, dir)
      const removedRooms = await pruneRooms(fs, dir, options.unusedSinceMs ?? Number.NEGATIVE_INFINITY)
      await pruneLeftovers(fs, dir)
      return { removedRooms, freedBytes: before - (await bytesBelow(fs, dir)) }
    } catch (error) {
      throw asStorageError(error, 'pruning')
    }
  })
}

async function pruneRooms(fs: FileSystem, dir: string, unusedSinceMs: number): Promise<string[]> {
  const removed: string[] = []
  for (const { name, state, lastWriteMs } of await listRooms(dir, fs)) {
    if (state !== 'kept' || lastWriteMs >= unusedSinceMs) continue
    await removeFolders(fs, dir, name)
    removed.push(name)
  }
  return removed
}

async function pruneLeftovers(fs: FileSystem, dir: string): Promise<void> {
  for (const leftover of [FOLDERS.trash, FOLDERS.incoming]) await fs.remove(join(dir, leftover))
  const kept = new Set(await roomNames(fs, dir))
  for (const folder of await quarantinedFolders(fs, dir))
    if (kept.has(roomOf(folder))) await fs.remove(join(dir, FOLDERS.quarantine, folder))
}

async function bytesBelow(fs: FileSystem, folder: string): Promise<number> {
  let bytes = 0
  for (const { name, isFolder, sizeBytes } of await fs.list(folder))
    bytes += isFolder ? await bytesBelow(fs, join(folder, name)) : sizeBytes
  return bytes
}
