/** A room and its people on the virtual network, for stories. */
import { decodeEntry, decodeMetaRecord } from '@parley/protocol'
import type { DocumentHandle, InviteOptions, Room } from '../api.ts'
import { createRoomOn, joinRoomOn, reopenRoomOn } from '../rooms.ts'
import { type VirtualWorld, virtualWorld, type WorldOptions } from '../testing/virtual-platform.ts'

export const SIGNALING = 'ws://signal.test/v1'
const FAR_MS = 4_000_000_000_000

export interface Guest {
  readonly host: string
  readonly room: Room
  readonly doc: DocumentHandle
}

export class Meeting {
  readonly world: VirtualWorld
  readonly guests = new Map<string, Guest>()

  constructor(options: WorldOptions) {
    this.world = virtualWorld(options)
  }

  /** Runs virtual time until the promise settles. */
  async during<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let settled = false
    const marked = promise.finally(() => {
      settled = true
    })
    marked.catch(() => undefined)
    await this.world.clock.runUntil(() => settled, limitMs)
    return marked
  }

  async make(host: string): Promise<Guest> {
    return this.#seat(host, await this.during(createRoomOn(this.world.platform(host), this.#options(host))))
  }

  /** `by` invites and `host` joins. */
  async join(host: string, by: Guest, invite: Partial<InviteOptions> = {}): Promise<Guest> {
    const { link } = await by.room.createInvite('https://parley.test/', {
      role: 'editor',
      notAfterMs: FAR_MS,
      ...invite,
    })
    return this.joinBy(host, link)
  }

  async joinBy(host: string, link: string): Promise<Guest> {
    return this.#seat(
      host,
      await this.during(joinRoomOn(this.world.platform(host), link, this.#options(host))),
    )
  }

  async reopen(host: string, room: Room): Promise<Guest> {
    const again = reopenRoomOn(this.world.platform(host), room.id, this.#options(host))
    return this.#seat(host, await this.during(again))
  }

  #options(host: string) {
    return { signaling: [SIGNALING], profile: { name: host, color: '#336699' } }
  }

  #seat(host: string, room: Room): Guest {
    const guest = { host, room, doc: room.document('content/main') }
    this.guests.set(host, guest)
    return guest
  }

  textOf(guest: Guest): string {
    return guest.doc.doc.getText('t').toString()
  }

  /** Everybody named reads the same non-empty text, and has the entries that say it. */
  agree(guests: readonly Guest[], text?: string): boolean {
    const texts = new Set(guests.map((guest) => this.textOf(guest)))
    const [first] = texts
    if (texts.size !== 1 || (text === undefined ? first === '' : first !== text)) return false
    const all = { document: 'content/main', limit: Number.MAX_SAFE_INTEGER }
    const counts = new Set(guests.map(({ room }) => room.history(all).length))
    return counts.size === 1 && guests.every(({ room }) => room.state.save.device !== 'saving')
  }

  until(predicate: () => boolean, limitMs = 60_000): Promise<unknown> {
    return this.world.clock.runUntil(predicate, limitMs)
  }
}

/** Keys that owners' records wrap a key for, by its epoch. */
export async function wrappedFor(meeting: Meeting, host: string, { id }: { readonly id: string }) {
  const storage = await meeting.world.storages(host).open(id.slice(0, 22))
  const { entries } = await storage.load()
  await storage.close()
  return entries
    .map((bytes) => decodeEntry(bytes))
    .filter(({ doc }) => doc === 'meta')
    .map(({ ciphertext }) => decodeMetaRecord(ciphertext))
    .flatMap((record) =>
      record.type === 'epoch'
        ? record.wraps.map(({ recipient }) => ({ epoch: record.counter, recipient }))
        : [],
    )
}
