/** Entrances to rooms over given ports; `index.ts` chooses the ports of the machine. */
import { parseRoomLink } from '@parley/protocol'
import type { Room } from './api.ts'
import { openArchive } from './archive-core.ts'
import { ParleyError } from './errors.ts'
import { enterAsKeeper } from './keeper-secrets.ts'
import type { KeepOptions, KeptRoom } from './kept-room-api.ts'
import type { Platform } from './ports.ts'
import { readRecoveryFile } from './recovery-file.ts'
import { openRoom, type RoomOptions } from './room.ts'
import { openCopy } from './room-copy.ts'
import { copyContent, storeRoomFile } from './room-file.ts'
import { acceptLink, makeRoom, recoverRoom, reenterOrCopy, storageName } from './room-secrets.ts'

export async function createRoomOn(platform: Platform, options: RoomOptions): Promise<Room> {
  return openRoom(platform, await makeRoom(platform, options.relayOnly), options)
}

/** `link` is a whole address or its fragment. Throws {@link ParleyError} `link-*`. */
export async function joinRoomOn(platform: Platform, link: string, options: RoomOptions): Promise<Room> {
  if (isForArchivist(link))
    throw new ParleyError('link-refused', 'a link for an archivist: nobody enters by it')
  return openRoom(platform, await acceptLink(platform, link), options)
}

function isForArchivist(link: string): boolean {
  const verdict = parseRoomLink(link)
  return verdict.ok && verdict.link.chain.grants.at(-1)?.role === 'archivist'
}

/** A room that this device has been in, by its id or the 22 characters of it. Throws {@link ParleyError} `room-unknown`. */
export async function reopenRoomOn(platform: Platform, roomId: string, options: RoomOptions): Promise<Room> {
  const found = await reenterOrCopy(platform, roomId)
  return 'identity' in found ? openRoom(platform, found, options) : openCopy(platform, found)
}

/**
 * Makes this device an owner of the room that a recovery file is of; its content comes from whoever else has it. Throws
 * {@link ParleyError} `recovery-refused`.
 */
export async function recoverRoomOn(
  platform: Platform,
  file: Uint8Array,
  passphrase: string,
  options: RoomOptions,
): Promise<Room> {
  return openRoom(
    platform,
    await recoverRoom(platform, await readRecoveryFile(platform, file, passphrase)),
    options,
  )
}

/**
 * Keeps a room as its archivist: stores and serves what is sealed. It reads nothing, unless the link shows the read key.
 *
 * @param place a link for an archivist, or the id of a room (22 to 43 characters) that was kept here before
 * @throws {@link ParleyError} `link-*`, `room-unknown`
 */
export async function keepRoomOn(platform: Platform, place: string, options: KeepOptions): Promise<KeptRoom> {
  return openArchive(platform, await enterAsKeeper(platform, place, options.blind), options)
}

/** Deletes what this device keeps of a room; close the room first. */
export async function removeRoomOn(platform: Platform, roomId: string): Promise<void> {
  await platform.storages.remove(storageName(roomId))
}

/**
 * Opens the room in a `.parley` file, merged with what this device has of it. Whoever gives the passphrase of a root key in it
 * becomes an owner, whoever is a member stays one, and everybody else reads: connection `detached`. Needs no network. Throws
 * {@link ParleyError} `file-*` or `recovery-refused`, and then nothing was kept.
 */
export async function importRoomOn(
  platform: Platform,
  bytes: Uint8Array,
  options: RoomOptions & { readonly passphrase?: string },
): Promise<Room> {
  const imported = await storeRoomFile(platform, bytes, options.passphrase ?? null)
  if (imported.as === 'kept') return reopenRoomOn(platform, imported.roomId, options)
  return openRoom(platform, await recoverRoom(platform, imported.recovered), options)
}

/**
 * Makes a room whose owner is this device, and writes all documents of another one into it. A room that connects through
 * relays alone has copies that do: who wrote there may be in both.
 */
export async function copyRoomOn(platform: Platform, from: Room, options: RoomOptions): Promise<Room> {
  const relayOnly = options.relayOnly === true || from.state.reach.relayOnly
  const made = await createRoomOn(platform, { ...options, relayOnly })
  await copyContent(from, made)
  return made
}
