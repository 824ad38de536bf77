/** One database per room: its stores, opening it, deleting it, and what its failures are called. */
import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from 'idb'
import { ParleyError } from '../errors.ts'

export interface RoomSchema extends DBSchema {
  /** One packed record per `append`, in order; relaxed, until a flush folds it into `blocks`. */
  tail: { key: number; value: unknown }
  /** Packed entries; all but the last are full. Everything in here went through a strict transaction. */
  blocks: { key: number; value: unknown }
  records: { key: string; value: unknown }
  /** One random id, made with the database: tells it from another one that was made after a deletion. */
  identity: { key: string; value: string }
}

export type RoomDatabase = IDBPDatabase<RoomSchema>

const DATABASE_VERSION = 1
const IDENTITY_KEY = 'id'

/** Why a connection ended although nobody here closed it. */
export type ConnectionLoss =
  /** The room was removed, in this tab or another. */
  | 'deleted'
  /** Another tab runs a newer version of the app. */
  | 'newer-version'
  /** The browser ended it: site data cleared, disk failure. The database may still be there. */
  | 'terminated'

export function databaseName(roomName: string): string {
  return `parley-room-${roomName}`
}

export function storageFailed(message: string, cause?: unknown): ParleyError {
  return new ParleyError('storage-failed', message, { cause })
}

/** Leaves a `ParleyError` as it is. */
export function asStorageError(error: unknown, doing: string): ParleyError {
  if (error instanceof ParleyError) return error
  if (error instanceof DOMException && error.name === 'QuotaExceededError')
    return storageFailed(`no room left on this device while ${doing}`, error)
  return storageFailed(`the database failed while ${doing}`, error)
}

/** Browsers without storage for this page say so by one of these when a database is opened. */
function meansUnsupported(error: unknown): boolean {
  return (
    error instanceof DOMException && (error.name === 'InvalidStateError' || error.name === 'SecurityError')
  )
}

export interface OpenedDatabase {
  readonly db: RoomDatabase
  readonly identity: string
}

/**
 * `create: false` rejects when there is no such database instead of making an empty one. `lost` is called at most
 * once; the connection is closed by then. Version 1 is the first, so no older connection can block the opening.
 */
export async function openRoomDatabase(
  roomName: string,
  create: boolean,
  lost: (loss: ConnectionLoss) => void,
): Promise<OpenedDatabase> {
  const db = await openOrCreate(roomName, create, lost)
  try {
    return { db, identity: (await db.get('identity', IDENTITY_KEY)) ?? '' }
  } catch (error) {
    db.close()
    throw asStorageError(error, 'opening it')
  }
}

async function openOrCreate(
  roomName: string,
  create: boolean,
  lost: (loss: ConnectionLoss) => void,
): Promise<RoomDatabase> {
  if (typeof indexedDB === 'undefined')
    throw new ParleyError('unsupported', 'this browser has no IndexedDB for this page')
  let missing = false
  try {
    return await openDB<RoomSchema>(databaseName(roomName), DATABASE_VERSION, {
      upgrade(fresh, _oldVersion, _newVersion, transaction) {
        // `done` rejects whenever `openDB` does, which tells the caller.
        transaction.done.catch(() => undefined)
        missing = !create
        if (missing) transaction.abort()
        else createStores(fresh, crypto.randomUUID())
      },
      blocking(_current, wanted, event) {
        ;(event.target as IDBDatabase).close()
        lost(wanted === null ? 'deleted' : 'newer-version')
      },
      terminated: () => lost('terminated'),
    })
  } catch (error) {
    if (missing) throw storageFailed('the room was deleted from this device', error)
    if (meansUnsupported(error))
      throw new ParleyError('unsupported', 'this browser keeps nothing for this page', { cause: error })
    throw asStorageError(error, 'opening it')
  }
}

function createStores(db: RoomDatabase, identity: string): void {
  db.createObjectStore('tail', { autoIncrement: true })
  db.createObjectStore('blocks', { autoIncrement: true })
  db.createObjectStore('records')
  // If it fails, so does the whole upgrade, and `openDB` rejects.
  db.createObjectStore('identity')
    .add(identity, IDENTITY_KEY)
    .catch(() => undefined)
}

/**
 * Every open handle, in any tab, closes when it hears of it. Rejects when one does not: then the database goes as
 * soon as that tab does.
 */
export async function deleteRoomDatabase(roomName: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      const blocked = () =>
        reject(storageFailed('another tab holds the room open; it is deleted when that closes'))
      deleteDB(databaseName(roomName), { blocked }).then(resolve, reject)
    })
  } catch (error) {
    throw asStorageError(error, 'deleting it')
  }
}
