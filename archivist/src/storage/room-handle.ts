import {
  type DescribeEntry,
  type EntryArchive,
  ParleyError,
  type Storage,
  type StoredRoom,
} from '@parley/mesh'
import type { RoomLog } from './room-log.ts'

export class RoomHandle implements Storage {
  readonly durability = 'disk'
  readonly #room: RoomLog
  readonly #release: () => Promise<void>
  #closing: Promise<void> | null = null

  constructor(room: RoomLog, release: () => Promise<void>) {
    this.#room = room
    this.#release = release
  }

  async load(): Promise<StoredRoom> {
    this.#assertOpen()
    return this.#room.load()
  }

  append(entries: readonly Uint8Array[]): void {
    if (this.#closing === null) this.#room.append(entries)
  }

  async put(key: string, value: unknown): Promise<void> {
    this.#assertOpen()
    await this.#room.put(key, value)
  }

  async flush(): Promise<void> {
    this.#assertOpen()
    await this.#room.flush()
  }

  async records(): Promise<ReadonlyMap<string, unknown>> {
    this.#assertOpen()
    return this.#room.records()
  }

  async archive(describe: DescribeEntry): Promise<EntryArchive> {
    this.#assertOpen()
    return this.#room.archive(describe)
  }

  close(): Promise<void> {
    this.#closing ??= this.#release()
    return this.#closing
  }

  #assertOpen(): void {
    if (this.#closing !== null) throw new ParleyError('closed', 'this storage was closed')
  }
}
