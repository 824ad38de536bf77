/**
 * Rooms in memory for tests, which can crash them and make them fail. Keeps the promises of {@link Storage} in the
 * way the IndexedDB adapter does: what one handle appended others see at once, it survives a crash only once a flush
 * resolved, and a failure of `append` is told by the next flush.
 */
import { ParleyError } from '../errors.ts'
import type { Storage, Storages, StoredRoom } from '../ports.ts'

export interface MemoryStorageOptions {
  /** What handles claim; nothing here outlives the process. */
  readonly durability?: 'disk' | 'memory'
  /** `manual`: `flush` and `put` wait for {@link MemoryStorages.completeFlushes}. */
  readonly flush?: 'at-once' | 'manual'
}

export type MemoryFailure = 'quota' | 'io'

interface MemoryRoom {
  entries: Uint8Array[]
  durableCount: number
  records: Map<string, unknown>
  readonly handles: Set<MemoryStorage>
}

/** What a handle needs of the instance it belongs to. */
interface Device {
  readonly durability: 'disk' | 'memory'
  readonly counters: MemoryCounters
  takeFailure(): ParleyError | null
  /** Resolves when what was written to `room` may become durable, or its handles have ended. */
  allowFlush(room: MemoryRoom): Promise<void>
}

export interface MemoryCounters {
  appendCalls: number
  entryCount: number
  flushes: number
  puts: number
}

class MemoryStorage implements Storage {
  readonly #room: MemoryRoom
  readonly #device: Device
  /** Not stored because a write failed; in order, tried again by the flush after the one that tells. */
  #held: Uint8Array[] = []
  #failure: ParleyError | null = null
  #ended: ParleyError | null = null
  #closing: Promise<void> | null = null

  constructor(room: MemoryRoom, device: Device) {
    this.#room = room
    this.#device = device
    room.handles.add(this)
  }

  get durability(): 'disk' | 'memory' {
    return this.#device.durability
  }

  async load(): Promise<StoredRoom> {
    this.#assertUsable()
    const { entries, records } = this.#room
    return { entries: entries.map((entry) => entry.slice()), records: structuredClone(records) }
  }

  append(entries: readonly Uint8Array[]): void {
    if (entries.length === 0) return
    this.#device.counters.appendCalls++
    this.#device.counters.entryCount += entries.length
    const copies = entries.map((entry) => entry.slice())
    if (this.#ended !== null) return
    this.#failure ??= this.#device.takeFailure()
    if (this.#failure !== null || this.#held.length > 0) this.#held.push(...copies)
    else this.#room.entries.push(...copies)
  }

  async put(key: string, value: unknown): Promise<void> {
    this.#assertUsable()
    this.#device.counters.puts++
    const copy = structuredClone(value)
    const failure = this.#device.takeFailure()
    if (failure !== null) throw failure
    await this.#device.allowFlush(this.#room)
    this.#assertAlive()
    this.#room.records.set(key, copy)
  }

  async flush(): Promise<void> {
    this.#assertUsable()
    const failure = this.#failure ?? this.#device.takeFailure()
    this.#failure = null
    if (failure !== null) throw failure
    await this.#flushNow()
  }

  close(): Promise<void> {
    this.#closing ??= this.#flushNow().finally(() => {
      this.#ended ??= new ParleyError('closed', 'this storage was closed')
      this.#room.handles.delete(this)
    })
    return this.#closing
  }

  /** From now on every call rejects with `error`. */
  end(error: ParleyError): void {
    this.#ended = error
  }

  async #flushNow(): Promise<void> {
    this.#assertAlive()
    this.#device.counters.flushes++
    this.#room.entries.push(...this.#held.splice(0))
    const count = this.#room.entries.length
    await this.#device.allowFlush(this.#room)
    this.#assertAlive()
    this.#room.durableCount = Math.max(this.#room.durableCount, count)
  }

  #assertUsable(): void {
    this.#assertAlive()
    if (this.#closing !== null) throw new ParleyError('closed', 'this storage was closed')
  }

  #assertAlive(): void {
    if (this.#ended !== null) throw this.#ended
  }
}

export class MemoryStorages implements Storages {
  readonly counters: MemoryCounters = { appendCalls: 0, entryCount: 0, flushes: 0, puts: 0 }
  readonly #rooms = new Map<string, MemoryRoom>()
  readonly #device: Device
  #nextFailure: MemoryFailure | null = null
  #waiting: { readonly room: MemoryRoom; readonly release: () => void }[] = []

  constructor(options: MemoryStorageOptions = {}) {
    const manual = options.flush === 'manual'
    this.#device = {
      durability: options.durability ?? 'memory',
      counters: this.counters,
      takeFailure: () => this.#takeFailure(),
      allowFlush: (room) =>
        manual ? new Promise<void>((release) => this.#waiting.push({ room, release })) : Promise.resolve(),
    }
  }

  async open(roomName: string): Promise<Storage> {
    let room = this.#rooms.get(roomName)
    if (room === undefined) {
      room = { entries: [], durableCount: 0, records: new Map(), handles: new Set() }
      this.#rooms.set(roomName, room)
    }
    return new MemoryStorage(room, this.#device)
  }

  /** As when a profile is copied while it is in use: what every handle appended, without what their writers remember. */
  copy(): MemoryStorages {
    const copied = new MemoryStorages({ durability: this.#device.durability })
    for (const [roomName, { entries, records }] of this.#rooms) {
      copied.#rooms.set(roomName, {
        entries: entries.map((entry) => entry.slice()),
        durableCount: entries.length,
        records: structuredClone(records),
        handles: new Set(),
      })
    }
    return copied
  }

  async remove(roomName: string): Promise<void> {
    this.#endHandles(roomName, 'the room was deleted from this device')
    this.#rooms.delete(roomName)
  }

  /** Drops what no flush made durable and ends all open handles of the room: their calls reject from now on. */
  crash(roomName: string): void {
    this.#endHandles(roomName, 'the storage crashed')
    const room = this.#rooms.get(roomName)
    if (room !== undefined) room.entries.length = room.durableCount
  }

  /** The next `append`, `put` or `flush`, whichever comes first, fails; that of an `append` is told by `flush`. */
  failNext(kind: MemoryFailure): void {
    this.#nextFailure = kind
  }

  /** For `flush: 'manual'`: lets all flushes and puts that wait now become durable. Returns how many. */
  completeFlushes(): number {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { release } of waiting) release()
    return waiting.length
  }

  #takeFailure(): ParleyError | null {
    const kind = this.#nextFailure
    this.#nextFailure = null
    if (kind === null) return null
    return new ParleyError(
      'storage-failed',
      kind === 'quota' ? 'no room left on this device' : 'disk failure',
    )
  }

  #endHandles(roomName: string, why: string): void {
    const ended = this.#rooms.get(roomName)
    if (ended === undefined) return
    for (const handle of ended.handles) handle.end(new ParleyError('storage-failed', why))
    ended.handles.clear()
    for (const { room, release } of this.#waiting) if (room === ended) release()
    this.#waiting = this.#waiting.filter(({ room }) => room !== ended)
  }
}
