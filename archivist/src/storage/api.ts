/** What the archivist's storage is to those who use it. The format is in docs/archivist-storage.md. */
import { type Log, ParleyError, type Storages } from '@parley/mesh'

/** Why storage refused. */
export type StorageFault =
  /** ENOSPC, EDQUOT: the disk or the quota is full. */
  | 'disk-full'
  /** EROFS, EACCES, EPERM: the folder may not be written. */
  | 'not-writable'
  /** EIO and every other failure of the machine. */
  | 'io'
  /** The room's bytes are not what was written. They are kept in `quarantine/`. */
  | 'damaged'
  /** More waited for a failing disk than may wait: entries were dropped. Close the room and open it again. */
  | 'overflow'
  /** Another process writes this folder. */
  | 'locked'
  /** Not a name that a room can have, or a value that cannot be written. */
  | 'refused'
  /** The room was removed while it was open. */
  | 'removed'

/** Its kind is `storage-failed`, as the mesh's storage port asks; `fault` tells an operator more. */
export class StorageError extends ParleyError {
  readonly fault: StorageFault

  constructor(fault: StorageFault, message: string, cause?: unknown) {
    super('storage-failed', message, { cause })
    this.fault = fault
  }
}

export type StorageHealth =
  | { readonly state: 'ok'; readonly waitingBytes: number }
  | {
      /** Nothing of these rooms was acknowledged since; what waits is tried again by every flush. */
      readonly state: 'read-only'
      readonly fault: StorageFault
      readonly sinceMs: number
      readonly rooms: readonly string[]
      /** Of all rooms, in memory. */
      readonly waitingBytes: number
    }

/** What an operator should hear of at once. Each is logged as well. */
export type StorageAlarm =
  | {
      readonly kind: 'read-only'
      readonly room: string
      readonly fault: StorageFault
      readonly message: string
    }
  /** Every room that had failed is written again. */
  | { readonly kind: 'recovered' }
  | { readonly kind: 'quarantined'; readonly room: string; readonly message: string }
  /** Entries were dropped since too much waited: the room acknowledges nothing until it is closed and opened again. */
  | { readonly kind: 'overflow'; readonly room: string }

/** Where the bytes of a room are not what was written. */
export interface Damage {
  readonly file: string
  readonly atByte: number
  readonly what: string
}

export interface DiskOptions {
  readonly log: Log
  readonly alarm?: (alarm: StorageAlarm) => void
  /** The caller holds the folder's lock already (`folder-lock.ts`); otherwise it is taken here. */
  readonly folderIsHeld?: boolean
}

/**
 * `open` rejects with a {@link StorageError}: `damaged` when the room's bytes are in quarantine, `refused` for what is no
 * name of a room, otherwise what the machine refused.
 */
export interface DiskStorages extends Storages {
  /** Rooms that can be opened, in order of their names. */
  list(): Promise<string[]>
  health(): StorageHealth
  /** Writes what waits, closes every room and lets another process have the folder. Rejects when something is lost. */
  close(): Promise<void>
}
