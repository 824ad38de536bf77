/**
 * A Y.Doc kept in step with peers, straight from browser to browser.
 *
 * ```ts
 * const room = await createRoom({ signaling: ['wss://example.org/v1'], profile: { name: 'Ada', color: '#3366cc' } })
 * const { doc } = room.document('content/main')
 * const { link } = await room.createInvite('https://example.org/', { role: 'editor', notAfterMs: Date.now() + 86_400_000 })
 * ```
 *
 * Start reading at `room.ts`, then `join/connect-peer.ts` and `document/document-sync.ts`.
 *
 * @packageDocumentation
 */
import { defaultPlatform } from '#platform'
import type { Room } from './api.ts'
import type { KeepOptions, KeptRoom } from './kept-room-api.ts'
import type { RoomOptions } from './room.ts'
import { inspectRoomFileOn, type RoomFileFacts } from './room-file.ts'
import {
  copyRoomOn,
  createRoomOn,
  importRoomOn,
  joinRoomOn,
  keepRoomOn,
  recoverRoomOn,
  removeRoomOn,
  reopenRoomOn,
} from './rooms.ts'

/** Makes a room whose owner is this device. */
export async function createRoom(options: RoomOptions): Promise<Room> {
  return createRoomOn(defaultPlatform(), options)
}

/** Joins by a room link (a whole address or its fragment). Throws {@link ParleyError} `link-*`, `unsupported`. */
export async function joinRoom(link: string, options: RoomOptions): Promise<Room> {
  return joinRoomOn(defaultPlatform(), link, options)
}

/** Opens a room that this device has been in. Throws {@link ParleyError} `room-unknown`, `unsupported`. */
export async function reopenRoom(roomId: string, options: RoomOptions): Promise<Room> {
  return reopenRoomOn(defaultPlatform(), roomId, options)
}

/** Makes this device an owner of the room that a recovery file is of. Throws {@link ParleyError} `recovery-refused`. */
export async function recoverRoom(file: Uint8Array, passphrase: string, options: RoomOptions): Promise<Room> {
  return recoverRoomOn(defaultPlatform(), file, passphrase, options)
}

/** Opens the room in a `.parley` file. Throws {@link ParleyError} `file-*`, `recovery-refused`, `unsupported`. */
export async function importRoom(
  file: Uint8Array,
  options: RoomOptions & { readonly passphrase?: string },
): Promise<Room> {
  return importRoomOn(defaultPlatform(), file, options)
}

/** What a `.parley` file holds, nothing of it verified. Throws {@link ParleyError} `file-damaged`, `file-version`. */
export async function inspectRoomFile(file: Uint8Array): Promise<RoomFileFacts> {
  return inspectRoomFileOn(defaultPlatform(), file)
}

/** A new room of this device with all documents of another one. */
export async function copyRoom(from: Room, options: RoomOptions): Promise<Room> {
  return copyRoomOn(defaultPlatform(), from, options)
}

/**
 * Keeps a room as its archivist, by a link for one or the id of a room that was kept here before. Throws
 * {@link ParleyError} `link-*`, `room-unknown`.
 */
export async function keepRoom(place: string, options: KeepOptions): Promise<KeptRoom> {
  return keepRoomOn(defaultPlatform(), place, options)
}

/** Deletes what this device keeps of a room; close the room first. */
export async function removeRoom(roomId: string): Promise<void> {
  return removeRoomOn(defaultPlatform(), roomId)
}

export { checkSupport } from './adapters/check-support.ts'
export type {
  ConnectionState,
  DocumentHandle,
  DocumentHeads,
  HistoryEntry,
  HistoryOptions,
  Invite,
  InviteOptions,
  KeepOnServerOptions,
  Member,
  Moment,
  Person,
  Profile,
  ReachState,
  Room,
  RoomEvent,
  RoomState,
  SaveState,
  SyncState,
} from './api.ts'
export { type DocumentText, documentJson, documentText } from './document/document-text.ts'
export { restoreContent } from './document/restore-content.ts'
export { ParleyError, type ParleyErrorKind } from './errors.ts'
export type { OperatorToken } from './join/operator-token.ts'
export { storedSight } from './keeper-secrets.ts'
export type {
  KeepOptions,
  KeptRoom,
  KeptRoomEvent,
  KeptRoomStats,
  ReadDocument,
  RoomAuthor,
  RoomSight,
} from './kept-room-api.ts'
export type {
  DescribeEntry,
  EntryArchive,
  EntryFacts,
  LinkPath,
  Log,
  Platform,
  Storage,
  Storages,
  StoredLog,
  StoredRange,
  StoredRoom,
} from './ports.ts'
export { DocumentAwareness } from './presence/document-awareness.ts'
export { type Recovered, readRecoveryFile } from './recovery-file.ts'
export type { RoomOptions } from './room.ts'
export { exportStored } from './room-export.ts'
export { inspectRoomFileOn, type RoomFileFacts } from './room-file.ts'
export { importStored } from './room-import.ts'
export {
  copyRoomOn,
  createRoomOn,
  importRoomOn,
  joinRoomOn,
  keepRoomOn,
  recoverRoomOn,
  removeRoomOn,
  reopenRoomOn,
} from './rooms.ts'
export { openSealedLink, sealLink } from './sealed-link.ts'
export { defaultPlatform }
