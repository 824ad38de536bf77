import { join } from 'node:path'
import type { Damage } from './api.ts'
import type { FileSystem } from './file-system.ts'
import { nodeFileSystem } from './node-file-system.ts'
import { type RoomReading, readRoom } from './read-room.ts'
import { assertRoomName, FOLDERS, quarantinedFolders, roomFolder } from './room-paths.ts'
import { asStorageError } from './storage-faults.ts'

export type RoomVerdict =
  | {
      readonly state: 'whole'
      readonly entryCount: number
      readonly entryBytes: number
      readonly valueCount: number
      /** Of a write that did not end, or that another process is at; they are no damage. */
      readonly tornBytes: number
    }
  | { readonly state: 'absent' }
  | { readonly state: 'damaged'; readonly damage: Damage }
  /** As it lay in quarantine; `damage` is `null` when it reads well now. */
  | { readonly state: 'quarantined'; readonly folder: string; readonly damage: Damage | null }
  | { readonly state: 'newer'; readonly file: string }

/** Reads everything of a room and changes nothing; another process may write meanwhile. Throws what the machine refuses. */
export async function verifyRoom(
  dir: string,
  name: string,
  fs: FileSystem = nodeFileSystem,
): Promise<RoomVerdict> {
  assertRoomName(name)
  try {
    const verdict = await verifyFolder(fs, roomFolder(dir, name), name)
    const [folder] = await quarantinedFolders(fs, dir, name)
    if (verdict.state !== 'absent' || folder === undefined) return verdict
    const there = await verifyFolder(fs, join(dir, FOLDERS.quarantine, folder), name)
    return { state: 'quarantined', folder, damage: there.state === 'damaged' ? there.damage : null }
  } catch (error) {
    throw asStorageError(error, 'reading the room')
  }
}

export async function verifyFolder(
  fs: FileSystem,
  folder: string,
  name: string,
): Promise<Exclude<RoomVerdict, { state: 'quarantined' }>> {
  const counts = { entryCount: 0, entryBytes: 0 }
  const keys = new Set<string>()
  const reading: RoomReading = await readRoom(fs, folder, name, {
    entry: ({ length }) => {
      counts.entryCount++
      counts.entryBytes += length
    },
    value: (key) => keys.add(key),
  })
  if (reading.state !== 'whole') return reading
  return { state: 'whole', ...counts, valueCount: keys.size, tornBytes: reading.tornBytes }
}
