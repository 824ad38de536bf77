/** The port to what all instances share: who is in which room, and a way to the instance of a peer. */
import type { PeerId, RoomId } from '@parley/protocol'
import type { InstanceId, InstanceMessage } from './instance-messages.ts'

/** What an instance is asked and told. */
export interface InstanceEvents {
  message(message: InstanceMessage): void
  /** It was not heard of for so long that its peers must be taken for lost. */
  gone(instance: InstanceId): void
  /** Everybody who is connected here: what is shared was lost, or may be wrong. */
  members(): Iterable<readonly [RoomId, PeerId]>
}

/** Nothing here rejects, and nothing waits for what cannot be reached: the answer is then `null` or `false`. */
export interface SharedRooms {
  readonly instance: InstanceId
  /** To be called once, before anything else. */
  start(events: InstanceEvents): void
  /** Enters, and draws up to `count` of the others at random, those of instances that are gone left out. */
  join(roomId: RoomId, peer: PeerId, count: number): Promise<readonly PeerId[] | 'full' | null>
  draw(roomId: RoomId, count: number): Promise<readonly PeerId[] | null>
  leave(roomId: RoomId, peer: PeerId): void
  /** To the instance of `message.to`; false when there is none. Arrives once or never. */
  post(message: InstanceMessage): boolean
}
