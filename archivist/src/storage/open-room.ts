/**
 * Opens one room: reads of it what no index speaks of, cuts a torn end, and moves it to quarantine when it is damaged.
 */
import type { Log } from '@parley/mesh'
import { type Damage, StorageError } from './api.ts'
import type { DiskState } from './disk-state.ts'
import type { FileSystem } from './file-system.ts'
import { IndexStore } from './index-store.ts'
import type { StorageLimits } from './limits.ts'
import { type IsKnown, type RoomVisitor, readRoom } from './read-room.ts'
import { RoomLog } from './room-log.ts'
import { moveRoom, quarantinedFolders, roomFolder } from './room-paths.ts'
import type { Scrubs } from './scrub.ts'
import { SegmentWriter } from './segment-writer.ts'
import { asStorageError } from './storage-faults.ts'

export interface DiskParts {
  readonly fs: FileSystem
  readonly dir: string
  readonly disk: DiskState
  readonly log: Log
  readonly limits: StorageLimits
  readonly scrubs: Scrubs
}

/** Rejects with {@link StorageError} `damaged`, `refused` when a newer version wrote it, or what the machine refused. */
export async function openRoom(
  parts: DiskParts,
  name: string,
  damaged: (damage: Damage) => void,
): Promise<RoomLog> {
  const { fs, dir, limits } = parts
  const folder = roomFolder(dir, name)
  const indices = new IndexStore(fs, folder)
  const isKnown: IsKnown = async (manifest, number) => (await indices.sealed(manifest, number)) !== null
  const reading = await readRoom(fs, folder, name, NOBODY, isKnown).catch((error: unknown) => {
    throw asStorageError(error, 'reading the room')
  })
  if (reading.state === 'damaged') throw await quarantine(parts, name, reading.damage)
  if (reading.state === 'newer') throw new StorageError('refused', `a newer version wrote ${reading.file}`)
  if (reading.state === 'absent') await assertNotQuarantined(parts, name)
  const writer = new SegmentWriter(
    fs,
    folder,
    name,
    limits.segmentBytes,
    reading.state === 'whole' ? reading : null,
  )
  if (reading.state === 'whole' && reading.tornBytes > 0)
    await cutTail(parts, writer, { room: name, atByte: reading.tail.bytes, cutBytes: reading.tornBytes })
  return new RoomLog(name, folder, { ...parts, writer, indices, damaged })
}

/** A room's bytes are checked when it is opened, and kept by nobody. */
const NOBODY: RoomVisitor = { entry: () => undefined, value: () => undefined }

type TornTail = { readonly room: string; readonly atByte: number; readonly cutBytes: number }

async function cutTail({ log }: DiskParts, writer: SegmentWriter, torn: TornTail): Promise<void> {
  try {
    await writer.cutTail()
    log('warn', 'torn-tail-cut', torn)
  } catch (error) {
    // A disk that may only be read: the room opens, and its first write cuts.
    log('warn', 'torn-tail-kept', { ...torn, message: String(error) })
  }
}

/** Returns why the room cannot be opened. */
export async function quarantine(
  { fs, dir, disk }: DiskParts,
  name: string,
  damage: Damage,
): Promise<StorageError> {
  const message = `${damage.file} at byte ${damage.atByte}: ${damage.what}`
  try {
    await moveRoom(fs, dir, name, 'quarantine')
    disk.quarantined(name, message)
  } catch (error) {
    disk.quarantined(name, `${message} (it stays in its place: ${String(error)})`)
  }
  return new StorageError('damaged', message)
}

/** An empty room in its place would hide that something is missing; restoring or removing it is an operator's decision. */
async function assertNotQuarantined({ fs, dir }: DiskParts, name: string): Promise<void> {
  const [folder] = await quarantinedFolders(fs, dir, name)
  if (folder !== undefined)
    throw new StorageError('damaged', `this room is in quarantine/${folder}: restore or remove it`)
}
