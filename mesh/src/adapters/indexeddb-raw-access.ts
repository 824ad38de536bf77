/** Tests look into a room's database beside the adapter, with the browser's own interface. */
import { databaseName } from './indexeddb-database.ts'

/** Does not close when others want to delete or upgrade. */
export function openRaw(roomName: string, version?: number): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(databaseName(roomName), version)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
    request.onblocked = () => reject(new Error('blocked'))
  })
}

/** Resolves when the request's transaction is complete. */
export function completed(request: IDBRequest): Promise<void> {
  const transaction = request.transaction as IDBTransaction
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })
}

/** All values of one object store. */
export async function contentOf(roomName: string, store: string): Promise<unknown[]> {
  const db = await openRaw(roomName)
  const request = db.transaction(store).objectStore(store).getAll()
  await completed(request)
  db.close()
  return request.result
}

export async function addRaw(roomName: string, store: string, value: unknown): Promise<void> {
  const db = await openRaw(roomName)
  await completed(db.transaction(store, 'readwrite').objectStore(store).add(value))
  db.close()
}
