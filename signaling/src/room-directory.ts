/** Who is in which room, and how they are told of each other: here, or over all instances of a deployment. */
import type { PeerId, RoomId, ServerMessage } from '@parley/protocol'
import { limits as wire } from '@parley/protocol'
import { type Fraction, sample, sampleUnknown } from './introduce.ts'
import type { RoomRegistry } from './room-registry.ts'

/** Hands a message to a peer that is connected here; nothing happens when it is not. */
export type Deliver = (to: PeerId, message: ServerMessage) => void

export interface RoomDirectory {
  /** An id that nobody has. */
  newPeer(): PeerId
  /** Enters, and resolves with at most 8 others at random; `null` when the room is full. Never rejects. */
  join(roomId: RoomId, peer: PeerId): Promise<readonly PeerId[] | null>
  /** At most 8 others that `peer` was not introduced to, or of all once it was to everybody. Never rejects. */
  sample(roomId: RoomId, peer: PeerId): Promise<readonly PeerId[]>
  /** Tells each of `others` of `peer`, and remembers it on both sides. */
  introduce(roomId: RoomId, peer: PeerId, others: readonly PeerId[]): void
  /** False when `to` is known not to be in the room. */
  signal(roomId: RoomId, from: PeerId, to: PeerId, sealed: string): boolean
  /** Tells those who were introduced to it. */
  leave(roomId: RoomId, peer: PeerId): void
}

/** All rooms in this process. */
export class LocalRooms implements RoomDirectory {
  readonly newPeer: () => PeerId
  readonly #rooms: RoomRegistry
  readonly #deliver: Deliver
  readonly #fraction: Fraction

  constructor(rooms: RoomRegistry, deliver: Deliver, newPeer: () => PeerId, fraction: Fraction) {
    this.#rooms = rooms
    this.#deliver = deliver
    this.newPeer = newPeer
    this.#fraction = fraction
  }

  async join(roomId: RoomId, peer: PeerId): Promise<readonly PeerId[] | null> {
    const others = sample(this.#rooms.peers(roomId), wire.SAMPLE_PEERS, this.#fraction)
    return this.#rooms.join(roomId, peer) ? others : null
  }

  async sample(roomId: RoomId, peer: PeerId): Promise<readonly PeerId[]> {
    const others = this.#rooms.peers(roomId).filter((one) => one !== peer)
    return sampleUnknown(others, this.#rooms.introduced(roomId, peer), wire.SAMPLE_PEERS, this.#fraction)
  }

  introduce(roomId: RoomId, peer: PeerId, others: readonly PeerId[]): void {
    this.#rooms.introduce(roomId, peer, others)
    for (const to of others) this.#deliver(to, { type: 'introduce', peer })
  }

  signal(roomId: RoomId, from: PeerId, to: PeerId, sealed: string): boolean {
    if (!this.#rooms.has(roomId, to)) return false
    this.#deliver(to, { type: 'signal', from, sealed })
    return true
  }

  leave(roomId: RoomId, peer: PeerId): void {
    for (const to of this.#rooms.leave(roomId, peer)) this.#deliver(to, { type: 'left', peer })
  }
}
