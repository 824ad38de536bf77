import type { StoredRoom } from '@parley/mesh'
import type { RoomVisitor } from './read-room.ts'

/** What was read of a room, ready to be handed out. */
export class Content implements StoredRoom, RoomVisitor {
  readonly entries: Uint8Array[] = []
  readonly records = new Map<string, unknown>()

  entry(bytes: Uint8Array): void {
    this.entries.push(bytes)
  }

  value(key: string, value: unknown): void {
    this.records.set(key, value)
  }
}

export function valuesInto(records: Map<string, unknown>): RoomVisitor {
  return { entry: () => undefined, value: (key, value) => void records.set(key, value) }
}
