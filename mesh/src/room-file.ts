/** Rooms from files, and copies of rooms: each ends with an open room. Rules: docs/spec.md, RF. */
import type { DocName, RoomId } from '@parley/protocol'
import type { Room } from './api.ts'
import { restoreContent } from './document/restore-content.ts'
import { ParleyError } from './errors.ts'
import { LOAD_SLICE_ENTRIES } from './limits.ts'
import type { Platform, Storage } from './ports.ts'
import { type Recovered, readRecoveryFile } from './recovery-file.ts'
import { COPY_RECORD } from './room-copy.ts'
import { type Additions, additionsTo, type CheckedFile, checkRoomFile, readRoomFile } from './room-import.ts'
import { hasSecrets, storageName } from './room-secrets.ts'

/** What can be said of a file before it is imported. */
export interface RoomFileFacts {
  readonly roomId: string
  /** Without, it can be read only where the room is known already. */
  readonly hasKeys: boolean
  /** It holds the root key under a passphrase. */
  readonly hasRoot: boolean
  readonly entryCount: number
}

/** Throws {@link ParleyError} `file-damaged` or `file-version`. */
export async function inspectRoomFileOn(
  { clock }: Pick<Platform, 'clock'>,
  bytes: Uint8Array,
): Promise<RoomFileFacts> {
  const { roomId, keys, root, entries } = await readRoomFile(clock, bytes)
  return { roomId, hasKeys: keys !== null, hasRoot: root !== null, entryCount: entries.length }
}

/** What is stored now can be entered: by the root key, or as what this device is in it. */
export type Imported =
  | { readonly as: 'owner'; readonly recovered: Recovered }
  | { readonly as: 'kept'; readonly roomId: string }

/**
 * Verifies all, then stores it beside what is here of the room. Without `passphrase` a root key in the file stays unused.
 * Throws {@link ParleyError} `file-*`, `recovery-refused` or `storage-failed`.
 */
export async function storeRoomFile(
  platform: Platform,
  bytes: Uint8Array,
  passphrase: string | null,
): Promise<Imported> {
  const file = await readRoomFile(platform.clock, bytes)
  const recovered =
    file.root && passphrase !== null ? await readRecoveryFile(platform, file.root, passphrase) : null
  if (recovered && recovered.roomId !== file.roomId)
    throw new ParleyError('file-refused', 'the root key of another room')
  const checked = await checkRoomFile(platform, file)
  if (checked.leftOutCount > 0) platform.log('warn', 'file-entries-left-out', { count: checked.leftOutCount })
  const storage = await platform.storages.open(storageName(file.roomId))
  try {
    await store(platform, storage, checked, recovered !== null)
  } catch (error) {
    await putBack(platform, storage, file.roomId)
    throw error
  }
  await storage.close()
  return recovered ? { as: 'owner', recovered } : { as: 'kept', roomId: file.roomId }
}

async function store(
  platform: Platform,
  storage: Storage,
  checked: CheckedFile,
  isOwner: boolean,
): Promise<void> {
  const stored = await storage.load()
  const isMember = hasSecrets(stored.records)
  const { keys, rootKey } = checked.file
  if (!isMember && !isOwner && !keys && !stored.records.has(COPY_RECORD))
    throw new ParleyError('file-sealed', 'no key to read this room with, neither in the file nor here')
  await write(platform, storage, await additionsTo(platform, stored, checked))
  // Last: only now there is a room.
  if (!isMember && keys)
    await storage.put(COPY_RECORD, { readKey: keys.readKey.slice(), rootKey: rootKey.slice() })
}

/** What became no room is not kept; what was one before is as it was, or has more of its genuine entries. */
async function putBack(platform: Platform, storage: Storage, roomId: RoomId): Promise<void> {
  try {
    const { records } = await storage.load()
    await storage.close()
    if (!hasSecrets(records) && !records.has(COPY_RECORD)) await platform.storages.remove(storageName(roomId))
  } catch (error) {
    platform.log('warn', 'import-not-put-back', { error: String(error) })
  }
}

async function write(platform: Platform, storage: Storage, { entries, records }: Additions): Promise<void> {
  for (let i = 0; i < entries.length; i += LOAD_SLICE_ENTRIES) {
    storage.append(entries.slice(i, i + LOAD_SLICE_ENTRIES))
    await platform.clock.yieldToHost()
  }
  await storage.flush()
  await Promise.all(records.map(([name, value]) => storage.put(name, value)))
}

/** Invites of the one room lead nowhere in the other. */
const NOT_COPIED = 'invites' as DocName

/** Writes what can be read in `from` as the first entries of `to`, which is new. */
export async function copyContent(from: Room, to: Room): Promise<void> {
  for (const name of from.documents()) {
    if (name === NOT_COPIED) continue
    const [source, target] = [from.document(name), to.document(name)]
    await Promise.all([source.whenLoaded, target.whenLoaded])
    restoreContent(target.doc, source.doc)
  }
}
