/**
 * A whole room in one process: virtual clock, network, signaling and storage, replayable from a seed.
 *
 * ```ts
 * const world = virtualWorld({ seed: 1 })
 * const room = await world.clock.runWhile(createRoomOn(world.platform('ada'), options), 1_000)
 * ```
 *
 * @packageDocumentation
 */

export {
  type ArchiveSubject,
  archiveOf,
  ChainedLog,
  describeArchiveContract,
  describeChained,
  placesIn,
} from './archive-contract.ts'
export { honestEdit, honestRoots, seededFraction } from './honest-traffic.ts'
export { HostilePeer, typing } from './hostile-peer.ts'
export { MemorySignaling, type MemorySignalingOptions } from './memory-signaling.ts'
export { MemoryStorages } from './memory-storage.ts'
export { seededCipher, seededKeyring, seededRandom } from './seeded-crypto.ts'
export {
  assertFails,
  describeStorageContract,
  freshRoomName,
  numbered,
  numbersOf,
  type StorageSubject,
} from './storage-contract.ts'
export { VirtualClock } from './virtual-clock.ts'
export { type NetworkOptions, VirtualNetwork } from './virtual-network.ts'
export { type VirtualWorld, virtualWorld, type WorldOptions } from './virtual-platform.ts'
