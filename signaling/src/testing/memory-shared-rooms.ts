/** What instances share, within one process: for tests, and as the model that the Redis is held against. */
import type { PeerId, RoomId } from '@parley/protocol'
import { type InstanceId, type InstanceMessage, instanceOf } from '../instances/instance-messages.ts'
import type { InstanceEvents, SharedRooms } from '../instances/shared-rooms.ts'

export class MemoryDeployment {
  readonly rooms = new Map<RoomId, Set<PeerId>>()
  readonly instances = new Map<InstanceId, InstanceEvents>()

  /** As when its process is killed: nobody says goodbye, the others notice after a while. */
  kill(instance: InstanceId): void {
    this.instances.delete(instance)
    for (const peers of this.rooms.values()) {
      for (const peer of peers) if (instanceOf(peer) === instance) peers.delete(peer)
    }
    for (const events of this.instances.values()) events.gone(instance)
  }
}

export class MemorySharedRooms implements SharedRooms {
  readonly instance: InstanceId
  readonly #deployment: MemoryDeployment
  readonly #most: number
  isUp = true

  constructor(deployment: MemoryDeployment, instance: InstanceId, most: number) {
    this.instance = instance
    this.#deployment = deployment
    this.#most = most
  }

  start(events: InstanceEvents): void {
    this.#deployment.instances.set(this.instance, events)
  }

  async join(roomId: RoomId, peer: PeerId, count: number): Promise<readonly PeerId[] | 'full' | null> {
    if (!this.isUp) return null
    const peers = this.#deployment.rooms.get(roomId) ?? new Set()
    if (peers.size >= this.#most) return 'full'
    const drawn = [...peers].slice(0, count)
    this.#deployment.rooms.set(roomId, peers.add(peer))
    return drawn
  }

  async draw(roomId: RoomId, count: number): Promise<readonly PeerId[] | null> {
    return this.isUp ? [...(this.#deployment.rooms.get(roomId) ?? [])].slice(0, count) : null
  }

  leave(roomId: RoomId, peer: PeerId): void {
    this.#deployment.rooms.get(roomId)?.delete(peer)
  }

  post(message: InstanceMessage): boolean {
    const events = this.#deployment.instances.get(instanceOf(message.to))
    if (!this.isUp || !events || instanceOf(message.to) === this.instance) return false
    queueMicrotask(() => events.message(message))
    return true
  }
}
