/** Entrances to rooms over given ports; `index.ts` chooses the ports of the machine. */
import type { Room } from './api.ts'
import type { Platform } from './ports.ts'
import { readRecoveryFile } from './recovery-file.ts'
import { openRoom, type RoomOptions } from './room.ts'
import { acceptLink, makeRoom, recoverRoom, reenter, storageName } from './room-secrets.ts'

export async function createRoomOn(platform: Platform, options: RoomOptions): Promise<Room> {
  return openRoom(platform, await makeRoom(platform), options)
}

/** `link` is a whole address or its fragment. Throws {@link ParleyError} `link-*`. */
export async function joinRoomOn(platform: Platform, link: string, options: RoomOptions): Promise<Room> {
  return openRoom(platform, await acceptLink(platform, link), options)
}

/** A room that this device has been in, by its id or the 22 characters of it. Throws {@link ParleyError} `room-unknown`. */
export async function reopenRoomOn(platform: Platform, roomId: string, options: RoomOptions): Promise<Room> {
  return openRoom(platform, await reenter(platform, roomId), options)
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

/** Deletes what this device keeps of a room; close the room first. */
export async function removeRoomOn(platform: Platform, roomId: string): Promise<void> {
  await platform.storages.remove(storageName(roomId))
}
