/** Makes a room's archive, and has its sealed segments read through in a while. */
import type { DescribeEntry, Log } from '@parley/mesh'
import type { Damage } from './api.ts'
import { DiskArchive } from './disk-archive.ts'
import type { FileSystem } from './file-system.ts'
import type { IndexStore } from './index-store.ts'
import type { StorageLimits } from './limits.ts'
import { segmentFile } from './manifest.ts'
import type { Scrubs } from './scrub.ts'
import type { Position } from './segment-writer.ts'
import { asStorageError } from './storage-faults.ts'

export interface ArchiveParts {
  readonly fs: FileSystem
  readonly log: Log
  readonly limits: StorageLimits
  readonly scrubs: Scrubs
  readonly indices: IndexStore
  /** The room's bytes are not what was written: ends it. */
  readonly damaged: (damage: Damage) => void
}

export interface OpenRoom {
  readonly name: string
  /** What is durable; `null` when nothing is. */
  readonly position: Position | null
  isOver(): boolean
}

/** Rejects with `StorageError`. */
export async function openArchive(
  parts: ArchiveParts,
  { name, position, isOver }: OpenRoom,
  describe: DescribeEntry,
): Promise<DiskArchive> {
  const { fs, log, limits, scrubs, indices, damaged } = parts
  const { checkpointBytes } = limits
  const archive = await DiskArchive.open(
    { fs, name, log, indices, describe, checkpointBytes, damaged },
    position,
  ).catch((error: unknown) => {
    throw asStorageError(error, 'reading the room')
  })
  if (!position) return archive
  scrubs.add({
    indices,
    manifest: position.manifest,
    isOver,
    damaged: (number, atByte) =>
      damaged({ file: segmentFile(number), atByte, what: 'a record is not what was written' }),
    failed: (error) => log('warn', 'room-not-read-through', { room: name, message: String(error) }),
  })
  return archive
}
