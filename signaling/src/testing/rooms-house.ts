/** Instances of one deployment as the contract of {@link RoomDirectory} sees them: what is delivered is kept, and waited for. */
import type { PeerId, RoomId, ServerMessage } from '@parley/protocol'
import type { RoomDirectory } from '../room-directory.ts'

export type Delivery = readonly [to: PeerId, message: ServerMessage]

/** What peers of all instances were sent. */
export class Mailbox {
  readonly #deliveries: Delivery[] = []
  #wake: (() => void) | null = null

  readonly deliver = (to: PeerId, message: ServerMessage): void => {
    this.#deliveries.push([to, message])
    this.#wake?.()
  }

  of(peer: PeerId): readonly ServerMessage[] {
    return this.#deliveries.flatMap(([to, message]) => (to === peer ? [message] : []))
  }

  /** Resolves when somebody was sent such a message. */
  async until(expected: (to: PeerId, message: ServerMessage) => boolean): Promise<void> {
    while (!this.#deliveries.some(([to, message]) => expected(to, message))) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

export interface House {
  readonly instances: readonly RoomDirectory[]
  readonly mailbox: Mailbox
  /** How many a room takes. */
  readonly most: number
  /** Nobody holds anything of anybody any more. */
  isEmpty(): Promise<boolean>
  close(): Promise<void>
}

/** As a session does it. */
export async function enter(
  directory: RoomDirectory,
  roomId: RoomId,
): Promise<{ readonly peer: PeerId; readonly others: readonly PeerId[] }> {
  const peer = directory.newPeer()
  const others = await directory.join(roomId, peer)
  if (!others) throw new Error('the room is full')
  directory.introduce(roomId, peer, others)
  return { peer, others }
}
