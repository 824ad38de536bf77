/** All rooms of one archivist in one process: opened a few at a time, taken in, given up. Knows no process and no HTTP. */
import { type KeptRoom, keepRoomOn, type OperatorToken, openSealedLink, type Platform } from '@parley/mesh'
import { fromBase64Url, parseRoomLink } from '@parley/protocol'
import { ROOMS_OPENING } from './limits.ts'
import type { Log } from './log.ts'
import { reasonOf } from './operations.ts'
import { isOurs, type Share } from './share.ts'

/** What the mesh names a room by on disk and in links. */
export const NAME_CHARACTERS = 22
/** Signaling answers in a second; a room that did not get through by then makes way for the next. */
const SETTLE_MS = 3_000

export type Signer = Awaited<ReturnType<Platform['keyring']['fromSeeds']>>

export interface RoomKeeperDeps {
  readonly platform: Platform
  /** Empty: nothing is dialled. */
  readonly signaling: readonly string[]
  readonly operatorToken: OperatorToken | null
  /** Opens sealed links. */
  readonly identity: Signer
  readonly share: Share
  readonly maxRooms: number
  readonly log: Log
  readonly roomFailed: () => void
}

export interface AddedRoom {
  readonly room: string
  /** Whether what is written there can be read here. */
  readonly sighted: boolean
}

export interface OpenTotals {
  readonly linkCount: number
  readonly entryCount: number
  readonly entryBytes: number
}

export class RoomKeeper {
  readonly #deps: RoomKeeperDeps
  readonly #rooms = new Map<string, KeptRoom>()
  /** Rooms that are being opened or closed; whoever comes next waits. */
  readonly #busy = new Map<string, Promise<unknown>>()
  readonly #failed = new Map<string, string>()
  #closed = false

  constructor(deps: RoomKeeperDeps) {
    this.#deps = deps
  }

  get names(): ReadonlySet<string> {
    return new Set([...this.#rooms.keys(), ...this.#busy.keys(), ...this.#failed.keys()])
  }

  get(name: string): KeptRoom | undefined {
    return this.#rooms.get(name)
  }

  failureOf(name: string): string | null {
    return this.#failed.get(name) ?? null
  }

  totals(): OpenTotals {
    const stats = [...this.#rooms.values()].map((room) => room.stats())
    return {
      linkCount: stats.reduce((sum, { linkCount }) => sum + linkCount, 0),
      entryCount: stats.reduce((sum, { entryCount }) => sum + entryCount, 0),
      entryBytes: stats.reduce((sum, { byteCount }) => sum + byteCount, 0),
    }
  }

  /** Opens kept rooms again. A room that fails leaves the others alone; resolves when all were tried. */
  async openAll(names: readonly string[]): Promise<void> {
    const waiting = [...names]
    const worker = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined && !this.#closed; name = waiting.shift()) {
        const place = name
        await this.#exclusive(name, () => this.#open(place, place))
          .then((room) => this.#settled(room))
          .catch(() => undefined) // Told and counted where it happened.
      }
    }
    await Promise.all(Array.from({ length: ROOMS_OPENING }, worker))
  }

  /** An owner's link that signaling handed on. Rejects with a reason for the log; the owner learns yes or no. */
  async keep(room: string, sealed: string): Promise<AddedRoom> {
    const { platform, identity, share } = this.#deps
    const bytes = fromBase64Url(sealed)
    const link = bytes && (await openSealedLink(platform, identity, bytes))
    if (!link) throw new Error('the link was not sealed for this archivist')
    const verdict = parseRoomLink(link)
    if (!verdict.ok || verdict.link.roomId !== room) throw new Error('the link is not one of this room')
    if (!isOurs(room, share)) throw new Error('the room belongs to the share of another archivist')
    return this.add(link)
  }

  /**
   * Keeps a room by a link for an archivist; nothing changes when it is kept already, still let in, and by as much sight. The
   * latest link says whether it is read.
   */
  async add(link: string, blind = false): Promise<AddedRoom> {
    const verdict = parseRoomLink(link)
    if (!verdict.ok) throw new Error('not a room link')
    const sighted = 'readKey' in verdict.link && !blind
    const name = verdict.link.roomId.slice(0, NAME_CHARACTERS)
    await this.#exclusive(name, async () => {
      const known = this.#rooms.get(name)
      const isSame = known !== undefined && (known.sight !== null) === sighted
      if (isSame && known.state.name !== 'refused') return
      if (!known && this.names.size > this.#deps.maxRooms) throw new Error('no room is left for another room')
      await known?.close()
      this.#rooms.delete(name)
      await this.#open(name, link, blind).catch(async (error: unknown) => {
        // Whatever was wrong with the link, the room is kept as before; what fails now is told and counted there.
        if (known) await this.#open(name, name).catch(() => undefined)
        throw error
      })
      this.#deps.log('info', 'room-kept', { room: name, sighted })
    })
    return { room: name, sighted }
  }

  /** Ends what is open of it; nothing is deleted. */
  async release(name: string): Promise<void> {
    await this.#exclusive(name, async () => {
      const room = this.#rooms.get(name)
      this.#rooms.delete(name)
      this.#failed.delete(name)
      await room?.close()
    })
  }

  /** For a room that storage gave up: what it lost comes back from the others by sync. */
  async reopen(name: string): Promise<void> {
    if (!this.#rooms.has(name)) return
    await this.release(name)
    await this.openAll([name])
  }

  /** Flushes and closes everything; a room that cannot does not keep the others from it. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#busy.values())
    const ends = await Promise.allSettled([...this.#rooms.values()].map((room) => room.close()))
    this.#rooms.clear()
    for (const end of ends)
      if (end.status === 'rejected')
        this.#deps.log('error', 'room-unclosed', { reason: reasonOf(end.reason) })
  }

  async #open(name: string, place: string, blind = false): Promise<KeptRoom> {
    const { platform, signaling, operatorToken: token, log, roomFailed } = this.#deps
    try {
      const options = { signaling, blind, ...(token === null ? {} : { token }) }
      const room = await keepRoomOn(platform, place, options)
      room.onEvent((event) => {
        if (event.type === 'revoked') log('warn', 'room-revoked', { room: name })
        if (event.type === 'error') log('error', 'room-fault', { room: name, reason: event.error.message })
      })
      this.#rooms.set(name, room)
      this.#failed.delete(name)
      return room
    } catch (error) {
      roomFailed()
      // A link that was refused makes no kept room out of nothing.
      if (place === name) this.#failed.set(name, reasonOf(error))
      log('error', 'room-failed', { room: name, reason: reasonOf(error) })
      throw error
    }
  }

  #exclusive<T>(name: string, act: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the archivist is ending'))
    const before = this.#busy.get(name) ?? Promise.resolve()
    const run = before.then(act, act)
    this.#busy.set(name, run)
    const done = () => {
      if (this.#busy.get(name) === run) this.#busy.delete(name)
    }
    run.then(done, done)
    return run
  }

  /** Signaling lets in so many unproven connections of one address at a time: the next room dials when this one is through. */
  #settled(room: KeptRoom): Promise<void> {
    if (this.#deps.signaling.length === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const end = (): void => {
        stop()
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(end, SETTLE_MS)
      const stop = room.onState(() => {
        if (room.state.name !== 'connecting') end()
      })
      if (room.state.name !== 'connecting') end()
    })
  }
}
