/** All rooms of a folder. Opening, closing and removing one room happen one after another; rooms do not wait for each other. */
import { join } from 'node:path'
import { type Log, ParleyError, type Storage } from '@parley/mesh'
import { type Damage, type DiskOptions, type DiskStorages, StorageError, type StorageHealth } from './api.ts'
import { DiskState } from './disk-state.ts'
import type { FileSystem } from './file-system.ts'
import { type FolderHold, holdFolder } from './hold-folder.ts'
import { DEFAULT_STORAGE_LIMITS, type StorageLimits } from './limits.ts'
import { nodeFileSystem } from './node-file-system.ts'
import { type DiskParts, openRoom, quarantine } from './open-room.ts'
import { removeFolders } from './remove-room.ts'
import { RoomHandle } from './room-handle.ts'
import type { RoomLog } from './room-log.ts'
import { assertRoomName, FOLDERS, roomNames } from './room-paths.ts'
import { Scrubs } from './scrub.ts'
import { asStorageError, damagedError } from './storage-faults.ts'

/** Rejects with {@link StorageError} `locked` while another process, or another call in this one, holds the folder. */
export async function diskStorages(dir: string, options: DiskOptions): Promise<DiskStorages> {
  let storages: Disk | null = null
  const hold = options.folderIsHeld ? null : await holdFolder(dir, () => void storages?.handleLockLost())
  try {
    storages = await storagesOn(nodeFileSystem, dir, options, hold)
    return storages
  } catch (error) {
    await hold?.release()
    throw error
  }
}

/** On any file system; `hold` is let go by `close`. */
export async function storagesOn(
  fs: FileSystem,
  dir: string,
  options: DiskOptions,
  hold: FolderHold | null = null,
  limits: Partial<StorageLimits> = {},
): Promise<Disk> {
  const allLimits = { ...DEFAULT_STORAGE_LIMITS, ...limits }
  const disk = new DiskState(options.log, options.alarm ?? (() => undefined), allLimits.waitingBytes)
  await prepareFolder(fs, dir, options.log)
  const scrubs = new Scrubs({ delayMs: allLimits.scrubDelayMs, pauseMs: allLimits.scrubPauseMs })
  return new Disk({ fs, dir, disk, log: options.log, limits: allLimits, scrubs }, hold)
}

/** What cannot be made or cleared now is no reason not to serve what can be read. */
async function prepareFolder(fs: FileSystem, dir: string, log: Log): Promise<void> {
  try {
    await fs.makeFolder(join(dir, FOLDERS.rooms))
    await fs.syncFolder(dir)
    for (const leftover of [FOLDERS.trash, FOLDERS.incoming]) await fs.remove(join(dir, leftover))
  } catch (error) {
    log('warn', 'storage-not-prepared', { message: asStorageError(error, 'preparing the folder').message })
  }
}

class Disk implements DiskStorages {
  readonly #parts: DiskParts
  readonly #hold: FolderHold | null
  readonly #rooms = new Map<string, RoomLog>()
  /** The last step of each room that is being opened, closed or removed. */
  readonly #turns = new Map<string, Promise<unknown>>()
  #closing: Promise<void> | null = null

  constructor(parts: DiskParts, hold: FolderHold | null) {
    this.#parts = parts
    this.#hold = hold
  }

  async open(name: string): Promise<Storage> {
    assertRoomName(name)
    this.#assertOpen()
    return this.#inTurn(name, async () => {
      this.#assertOpen()
      const known = this.#rooms.get(name)
      const room = known ?? (await openRoom(this.#parts, name, (damage) => this.#damaged(name, damage)))
      this.#rooms.set(name, room)
      room.handleCount++
      return new RoomHandle(room, () => this.#inTurn(name, () => this.#release(room)))
    })
  }

  async remove(name: string): Promise<void> {
    assertRoomName(name)
    this.#assertOpen()
    await this.#inTurn(name, async () => {
      const room = this.#rooms.get(name)
      this.#rooms.delete(name)
      await room?.end(new StorageError('removed', 'the room was removed from this disk'))
      await removeFolders(this.#parts.fs, this.#parts.dir, name)
    })
  }

  async list(): Promise<string[]> {
    this.#assertOpen()
    return roomNames(this.#parts.fs, this.#parts.dir)
  }

  health(): StorageHealth {
    return this.#parts.disk.health
  }

  /** Somebody else writes here now: two writers would damage every room. */
  async handleLockLost(): Promise<void> {
    const error = new StorageError('locked', 'another process took the folder')
    this.#parts.log('error', 'storage-lock-lost', {})
    this.#closing ??= Promise.resolve()
    await Promise.allSettled([...this.#rooms.values()].map((room) => room.end(error)))
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    await Promise.allSettled(this.#turns.values())
    const ends = await Promise.allSettled([...this.#rooms.values()].map((room) => room.close()))
    await this.#hold?.release()
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  /** Found in a room that is open: nothing of it is handed out from here on. */
  #damaged(name: string, damage: Damage): void {
    const room = this.#rooms.get(name)
    if (!room || room.isEnded) return
    const ended = room.end(damagedError(damage))
    void this.#inTurn(name, async () => {
      await ended
      if (this.#rooms.get(name) !== room) return
      this.#rooms.delete(name)
      await quarantine(this.#parts, name, damage)
    })
  }

  async #release(room: RoomLog): Promise<void> {
    room.handleCount--
    if (room.isEnded) return
    if (room.handleCount > 0) return room.flush()
    if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name)
    await room.close()
  }

  #inTurn<T>(name: string, run: () => Promise<T>): Promise<T> {
    const done = (this.#turns.get(name) ?? Promise.resolve()).then(run)
    const settled = done
      .catch(() => undefined)
      .then(() => {
        if (this.#turns.get(name) === settled) this.#turns.delete(name)
      })
    this.#turns.set(name, settled)
    return done
  }

  #assertOpen(): void {
    if (this.#closing !== null) throw new ParleyError('closed', 'this folder was closed')
  }
}
