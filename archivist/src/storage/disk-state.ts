/** What all rooms of a folder share: how much waits, what fails, and who is told. */
import type { Log } from '@parley/mesh'
import type { StorageAlarm, StorageError, StorageFault, StorageHealth } from './api.ts'

interface Failing {
  readonly fault: StorageFault
  readonly sinceMs: number
  readonly open: boolean
}

export class DiskState {
  readonly #log: Log
  readonly #alarm: (alarm: StorageAlarm) => void
  readonly #nowMs: () => number
  readonly #mostWaitingBytes: number
  readonly #failing = new Map<string, Failing>()
  #waitingBytes = 0

  constructor(
    log: Log,
    alarm: (alarm: StorageAlarm) => void,
    mostWaitingBytes: number,
    nowMs: () => number = Date.now,
  ) {
    this.#log = log
    this.#alarm = alarm
    this.#mostWaitingBytes = mostWaitingBytes
    this.#nowMs = nowMs
  }

  get health(): StorageHealth {
    const waitingBytes = this.#waitingBytes
    const [first] = this.#failing.values()
    if (!first) return { state: 'ok', waitingBytes }
    const { fault, sinceMs } = first
    return { state: 'read-only', fault, sinceMs, rooms: [...this.#failing.keys()], waitingBytes }
  }

  /** Whether so much more may wait. */
  hasPlaceFor(bytes: number): boolean {
    return this.#waitingBytes + bytes <= this.#mostWaitingBytes
  }

  waits(bytes: number): void {
    this.#waitingBytes += bytes
  }

  /** Written or given up. */
  waitsNoMore(bytes: number): void {
    this.#waitingBytes -= bytes
  }

  /** Told once; every flush tries again. */
  failed(room: string, { fault, message }: StorageError): void {
    if (this.#failing.get(room)?.open) return
    this.#failing.set(room, { fault, sinceMs: this.#nowMs(), open: true })
    this.#log('error', 'storage-read-only', { room, fault, message })
    this.#alarm({ kind: 'read-only', room, fault, message })
  }

  /** The disk took something: rooms that failed and were closed cannot show it themselves. */
  wrote(room: string): void {
    if (this.#failing.size === 0) return
    for (const [name, { open }] of this.#failing) if (name === room || !open) this.#failing.delete(name)
    if (this.#failing.size > 0) return
    this.#log('info', 'storage-recovered', {})
    this.#alarm({ kind: 'recovered' })
  }

  closed(room: string): void {
    const failing = this.#failing.get(room)
    if (failing) this.#failing.set(room, { ...failing, open: false })
  }

  overflowed(room: string): void {
    this.#log('error', 'storage-overflow', { room, waitingBytes: this.#waitingBytes })
    this.#alarm({ kind: 'overflow', room })
  }

  quarantined(room: string, message: string): void {
    this.#log('error', 'room-quarantined', { room, message })
    this.#alarm({ kind: 'quarantined', room, message })
  }
}
