/** Which peers are in which room, and who was introduced to whom. Pure, in memory; a room lives while somebody is in it. */
import type { PeerId, RoomId } from '@parley/protocol'

interface Member {
  /** Place in `Room.order`. */
  place: number
  readonly introduced: Set<PeerId>
}

interface Room {
  /** All peers without a gap, for sampling by place; its order means nothing. */
  readonly order: PeerId[]
  readonly members: Map<PeerId, Member>
}

const NOBODY: ReadonlySet<PeerId> = new Set()

export class RoomRegistry {
  readonly #rooms = new Map<RoomId, Room>()
  readonly #peersPerRoom: number

  constructor(peersPerRoom: number) {
    this.#peersPerRoom = peersPerRoom
  }

  get roomCount(): number {
    return this.#rooms.size
  }

  /** False when the room is full. */
  join(roomId: RoomId, peer: PeerId): boolean {
    const room: Room = this.#rooms.get(roomId) ?? { order: [], members: new Map() }
    if (room.order.length >= this.#peersPerRoom) return false
    room.members.set(peer, { place: room.order.length, introduced: new Set() })
    room.order.push(peer)
    this.#rooms.set(roomId, room)
    return true
  }

  /** Returns those who were introduced to the one that leaves. */
  leave(roomId: RoomId, peer: PeerId): readonly PeerId[] {
    const room = this.#rooms.get(roomId)
    const member = room?.members.get(peer)
    if (!room || !member) return []
    for (const other of member.introduced) room.members.get(other)?.introduced.delete(peer)
    this.#takeOut(room, peer, member.place)
    if (room.order.length === 0) this.#rooms.delete(roomId)
    return [...member.introduced]
  }

  /** The last one takes the free place. */
  #takeOut(room: Room, peer: PeerId, place: number): void {
    const last = room.order.pop() as PeerId
    room.members.delete(peer)
    const moved = room.members.get(last)
    if (last === peer || !moved) return
    moved.place = place
    room.order[place] = last
  }

  has(roomId: RoomId, peer: PeerId): boolean {
    return this.#rooms.get(roomId)?.members.has(peer) ?? false
  }

  /** Valid until the next join or leave. */
  peers(roomId: RoomId): readonly PeerId[] {
    return this.#rooms.get(roomId)?.order ?? []
  }

  introduced(roomId: RoomId, peer: PeerId): ReadonlySet<PeerId> {
    return this.#rooms.get(roomId)?.members.get(peer)?.introduced ?? NOBODY
  }

  /** Both sides remember it; peers that are not in the room are left out. */
  introduce(roomId: RoomId, peer: PeerId, others: readonly PeerId[]): void {
    const members = this.#rooms.get(roomId)?.members
    const member = members?.get(peer)
    if (!member) return
    for (const other of others) {
      const otherMember = members?.get(other)
      if (!otherMember) continue
      otherMember.introduced.add(peer)
      member.introduced.add(other)
    }
  }

  /** Remembers an introduction to a peer of another instance; false when it is here, known already, or one too many. */
  introduceAbsent(roomId: RoomId, peer: PeerId, other: PeerId): boolean {
    const members = this.#rooms.get(roomId)?.members
    const introduced = members?.get(peer)?.introduced
    if (!introduced || members?.has(other) || introduced.has(other)) return false
    if (introduced.size >= this.#peersPerRoom) return false
    introduced.add(other)
    return true
  }

  /** False when it was not remembered, or is a peer of this instance. */
  forgetAbsent(roomId: RoomId, peer: PeerId, other: PeerId): boolean {
    const members = this.#rooms.get(roomId)?.members
    if (members?.has(other)) return false
    return members?.get(peer)?.introduced.delete(other) ?? false
  }

  *members(): Generator<readonly [RoomId, PeerId]> {
    for (const [roomId, { members }] of this.#rooms) {
      for (const peer of members.keys()) yield [roomId, peer]
    }
  }

  /** Every peer with everybody that it was introduced to. */
  *introductions(): Generator<readonly [RoomId, PeerId, PeerId]> {
    for (const [roomId, { members }] of this.#rooms) {
      for (const [peer, { introduced }] of members) {
        for (const other of introduced) yield [roomId, peer, other]
      }
    }
  }
}
