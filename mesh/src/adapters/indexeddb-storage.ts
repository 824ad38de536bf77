/** All rooms of this browser profile, each in an IndexedDB database of its own. */
import type { Log, Storages } from '../ports.ts'
import { deleteRoomDatabase } from './indexeddb-database.ts'
import { IndexedDbRoom } from './indexeddb-room.ts'

/** `open` rejects with `unsupported` where the browser keeps nothing for this page. */
export function indexedDbStorages(log: Log): Storages {
  const requestPersistence = persistenceRequest(log)
  return {
    async open(roomName) {
      const room = new IndexedDbRoom(roomName, log, requestPersistence)
      await room.connect()
      return room
    },
    remove: deleteRoomDatabase,
  }
}

/** Asks once per page that the browser does not evict what is stored; browsers may say no, and it is logged. */
function persistenceRequest(log: Log): () => void {
  let asked = false
  return () => {
    if (asked || typeof navigator.storage?.persist !== 'function') return
    asked = true
    navigator.storage.persist().then(
      (granted) => log('info', 'storage-persistence', { granted }),
      (error: unknown) => log('warn', 'storage-persistence-failed', { error: String(error) }),
    )
  }
}
