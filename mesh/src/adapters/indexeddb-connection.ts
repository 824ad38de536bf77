/** A connection to one room's database that notices when it is lost and comes back only to the same database. */
import { ParleyError } from '../errors.ts'
import type { Log } from '../ports.ts'
import {
  type ConnectionLoss,
  openRoomDatabase,
  type RoomDatabase,
  storageFailed,
} from './indexeddb-database.ts'

const LOSSES: Readonly<Record<ConnectionLoss, string>> = {
  deleted: 'the room was deleted from this device',
  'newer-version': 'a newer version of the app is open in another tab',
  terminated: 'the browser closed the database',
}

export class RoomConnection {
  readonly #roomName: string
  readonly #log: Log
  /** Called before the first use of a connection that replaces a lost one. */
  readonly #reopened: () => void
  #db: RoomDatabase | null = null
  #connecting: Promise<RoomDatabase> | null = null
  #identity: string | null = null
  #loss: ConnectionLoss | null = null
  #closed = false

  constructor(roomName: string, log: Log, reopened: () => void) {
    this.#roomName = roomName
    this.#log = log
    this.#reopened = reopened
  }

  /** `null` while the connection is lost, and after `close`. */
  get current(): RoomDatabase | null {
    return this.#db
  }

  /** Why `current` is `null`. */
  absence(): ParleyError {
    if (this.#closed) return new ParleyError('closed', 'this storage was closed')
    return storageFailed(LOSSES[this.#loss ?? 'terminated'])
  }

  /** Opens, or opens again; rejects for good once the room was deleted or belongs to a newer version. */
  async connect(): Promise<RoomDatabase> {
    if (this.#db !== null) return this.#db
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = null
    })
    return this.#connecting
  }

  close(): void {
    this.#db?.close()
    this.#db = null
    this.#closed = true
  }

  async #open(): Promise<RoomDatabase> {
    const final = this.#loss === 'deleted' || this.#loss === 'newer-version'
    if (this.#closed || final) throw this.absence()
    let usable = true
    const { db, identity } = await openRoomDatabase(this.#roomName, this.#identity === null, (loss) => {
      usable = false
      this.#lost(loss)
    })
    if (this.#identity !== null && this.#identity !== identity) this.#lost('deleted')
    else if (usable && !this.#closed) return this.#adopt(db, identity)
    db.close()
    throw this.absence()
  }

  #adopt(db: RoomDatabase, identity: string): RoomDatabase {
    const again = this.#identity !== null
    this.#db = db
    this.#identity = identity
    if (again) this.#reopened()
    return db
  }

  #lost(loss: ConnectionLoss): void {
    this.#db = null
    this.#loss = loss
    this.#log('warn', 'storage-connection-lost', { reason: loss })
  }
}
