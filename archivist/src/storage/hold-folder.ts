import { resolve } from 'node:path'
import { FolderInUse, lockFolder } from '../folder-lock.ts'
import { StorageError } from './api.ts'
import { nodeFileSystem } from './node-file-system.ts'
import { asStorageError } from './storage-faults.ts'

export interface FolderHold {
  release(): Promise<void>
}

/** The lock file tells processes apart, not two calls within one. */
const heldHere = new Set<string>()

/** Rejects with {@link StorageError} `locked`; `lost` is called when somebody else took the folder from us. */
export async function holdFolder(dir: string, lost: () => void): Promise<FolderHold> {
  const path = resolve(dir)
  if (heldHere.has(path)) throw new StorageError('locked', `${dir} is open in this process already`)
  heldHere.add(path)
  try {
    await nodeFileSystem.makeFolder(path)
    const lock = await lockFolder(path, lost)
    return {
      async release() {
        heldHere.delete(path)
        await lock.release()
      },
    }
  } catch (error) {
    heldHere.delete(path)
    if (error instanceof FolderInUse) throw new StorageError('locked', error.message, error)
    throw asStorageError(error, 'locking the folder')
  }
}
