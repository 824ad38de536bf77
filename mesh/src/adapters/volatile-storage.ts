import type { Storage, Storages } from '../ports.ts'

interface KeptRoom {
  readonly entries: Uint8Array[]
  readonly records: Map<string, unknown>
}

/** Keeps rooms as long as the process runs, for a peer in Node without a disk. */
export function volatileStorages(): Storages {
  const rooms = new Map<string, KeptRoom>()
  return {
    open: async (roomId) => {
      const room = rooms.get(roomId) ?? { entries: [], records: new Map() }
      rooms.set(roomId, room)
      return volatileStorage(room)
    },
    remove: async (roomId) => {
      rooms.delete(roomId)
    },
  }
}

function volatileStorage(room: KeptRoom): Storage {
  return {
    durability: 'memory',
    load: async () => ({ entries: [...room.entries], records: new Map(room.records) }),
    append: (entries) => {
      for (const entry of entries) room.entries.push(entry.slice())
    },
    put: async (key, value) => {
      room.records.set(key, structuredClone(value))
    },
    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}
