import { describe, it } from 'vitest'
import { archivedStorage } from './archived-storage.ts'
import type { Storages } from './ports.ts'
import { describeArchiveContract } from './testing/archive-contract.ts'
import { MemoryStorages } from './testing/memory-storage.ts'

/** The same rooms, each with an archive in memory. */
function archived(storages: Storages): Storages {
  return {
    open: async (name) => archivedStorage(await storages.open(name)),
    remove: (name) => storages.remove(name),
  }
}

describeArchiveContract(
  'in memory',
  async () => {
    const storages = new MemoryStorages({ durability: 'disk' })
    return {
      storages: archived(storages),
      reopen: async (roomName) => {
        storages.crash(roomName)
        return archived(storages)
      },
    }
  },
  { describe, it },
)
