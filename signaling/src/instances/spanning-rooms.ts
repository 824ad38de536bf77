/**
 * Rooms over several instances. Each knows its own peers alone and whom they were introduced to; of the others it draws
 * a bounded sample, so that a join costs the same in every room. While what is shared cannot be reached, rooms go on
 * among the peers of each instance. Pure but for the port.
 */
import { type PeerId, type RoomId, limits as wire } from '@parley/protocol'
import { type Fraction, sample, sampleUnknown } from '../introduce.ts'
import type { Deliver, RoomDirectory } from '../room-directory.ts'
import type { RoomRegistry } from '../room-registry.ts'
import { type InstanceId, type InstanceMessage, instanceOf } from './instance-messages.ts'
import type { InstanceEvents, SharedRooms } from './shared-rooms.ts'

/** Drawn for a sample of 8: as many again twice over may belong to an instance that just died. */
const DRAWN_PEERS = 3 * wire.SAMPLE_PEERS

export interface SpanningParts {
  readonly rooms: RoomRegistry
  readonly deliver: Deliver
  readonly newPeer: () => PeerId
  readonly fraction: Fraction
}

export class SpanningRooms implements RoomDirectory, InstanceEvents {
  readonly newPeer: () => PeerId
  readonly #rooms: RoomRegistry
  readonly #deliver: Deliver
  readonly #fraction: Fraction
  readonly #shared: SharedRooms

  constructor(parts: SpanningParts, shared: SharedRooms) {
    this.#rooms = parts.rooms
    this.#deliver = parts.deliver
    this.newPeer = parts.newPeer
    this.#fraction = parts.fraction
    this.#shared = shared
    shared.start(this)
  }

  async join(roomId: RoomId, peer: PeerId): Promise<readonly PeerId[] | null> {
    const drawn = await this.#shared.join(roomId, peer, DRAWN_PEERS)
    if (drawn === 'full') return null
    const here = sample(this.#rooms.peers(roomId), wire.SAMPLE_PEERS, this.#fraction)
    if (!this.#rooms.join(roomId, peer)) {
      this.#shared.leave(roomId, peer)
      return null
    }
    return this.#pick(peer, drawn ?? [], here)
  }

  /** Of those drawn, filled up with peers from here where too few of them are left. */
  #pick(peer: PeerId, drawn: readonly PeerId[], here: readonly PeerId[]): readonly PeerId[] {
    const others = drawn.filter((one) => one !== peer)
    const picked = new Set(sample(others, wire.SAMPLE_PEERS, this.#fraction))
    for (const one of here) if (picked.size < wire.SAMPLE_PEERS && one !== peer) picked.add(one)
    return [...picked]
  }

  /** So many more than are known are drawn that, if there are others, some of them are among them. */
  async sample(roomId: RoomId, peer: PeerId): Promise<readonly PeerId[]> {
    const count = this.#rooms.introduced(roomId, peer).size + DRAWN_PEERS
    const drawn = (await this.#shared.draw(roomId, count)) ?? this.#rooms.peers(roomId)
    const others = drawn.filter((one) => one !== peer)
    const known = this.#rooms.introduced(roomId, peer)
    return sampleUnknown(others, known, wire.SAMPLE_PEERS, this.#fraction)
  }

  introduce(roomId: RoomId, peer: PeerId, others: readonly PeerId[]): void {
    this.#rooms.introduce(roomId, peer, others)
    for (const to of others) {
      if (this.#rooms.has(roomId, to)) this.#deliver(to, { type: 'introduce', peer })
      else if (this.#rooms.introduceAbsent(roomId, peer, to))
        this.#shared.post({ type: 'introduce', room: roomId, to, peer })
    }
  }

  signal(roomId: RoomId, from: PeerId, to: PeerId, sealed: string): boolean {
    if (!this.#rooms.has(roomId, to))
      return this.#shared.post({ type: 'signal', room: roomId, to, from, sealed })
    this.#deliver(to, { type: 'signal', from, sealed })
    return true
  }

  leave(roomId: RoomId, peer: PeerId): void {
    for (const to of this.#rooms.leave(roomId, peer)) {
      if (this.#rooms.has(roomId, to)) this.#deliver(to, { type: 'left', peer })
      else this.#shared.post({ type: 'left', room: roomId, to, peer })
    }
    this.#shared.leave(roomId, peer)
  }

  message(message: InstanceMessage): void {
    const { room, to } = message
    if (!this.#rooms.has(room, to)) return
    switch (message.type) {
      case 'introduce': {
        const { peer } = message
        if (this.#rooms.introduceAbsent(room, to, peer)) this.#deliver(to, { type: 'introduce', peer })
        break
      }
      case 'signal':
        this.#deliver(to, { type: 'signal', from: message.from, sealed: message.sealed })
        break
      case 'left':
        this.#lose(room, to, message.peer)
    }
  }

  /** Whoever was introduced to its peers is told that they left. */
  gone(instance: InstanceId): void {
    const lost = [...this.#rooms.introductions()].filter(([, , other]) => instanceOf(other) === instance)
    for (const [roomId, peer, other] of lost) this.#lose(roomId, peer, other)
  }

  #lose(roomId: RoomId, peer: PeerId, other: PeerId): void {
    if (this.#rooms.forgetAbsent(roomId, peer, other)) this.#deliver(peer, { type: 'left', peer: other })
  }

  members(): Iterable<readonly [RoomId, PeerId]> {
    return this.#rooms.members()
  }
}
