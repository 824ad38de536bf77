/** Entrances to rooms over given ports; `index.ts` chooses the ports of the machine. */
import { parseRoomId, type RoomId } from '@parley/protocol'
import type { Room } from './api.ts'
import { ParleyError } from './errors.ts'
import type { Platform } from './ports.ts'
import { openRoom, type RoomOptions } from './room.ts'
import { acceptLink, makeRoom, reenter } from './room-secrets.ts'

export async function createRoomOn(platform: Platform, options: RoomOptions): Promise<Room> {
  return openRoom(platform, await makeRoom(platform), options)
}

/** `link` is a whole address or its fragment. Throws {@link ParleyError} `link-*`. */
export async function joinRoomOn(platform: Platform, link: string, options: RoomOptions): Promise<Room> {
  return openRoom(platform, await acceptLink(platform, link), options)
}

/** A room that this device has been in. Throws {@link ParleyError} `room-unknown`. */
export async function reopenRoomOn(platform: Platform, roomId: string, options: RoomOptions): Promise<Room> {
  return openRoom(platform, await reenter(platform, asRoomId(roomId)), options)
}

/** Deletes what this device keeps of a room. */
export async function removeRoomOn(platform: Platform, roomId: string): Promise<void> {
  await platform.storages.remove(asRoomId(roomId))
}

function asRoomId(text: string): RoomId {
  const roomId = parseRoomId(text)
  if (!roomId) throw new ParleyError('room-unknown', `not a room id of 43 characters: ${text}`)
  return roomId
}
