/** The shapes of the mesh, as the app sees them. */
import type { Profile, Room } from '@parley/mesh'

export type {
  ConnectionState,
  DocumentHandle,
  DocumentHeads,
  Invite,
  InviteOptions,
  KeepOnServerOptions,
  LinkPath,
  Moment,
  Person,
  Profile,
  ReachState,
  Room,
  RoomEvent,
  RoomFileFacts,
  RoomState,
  SaveState,
  SyncState,
} from '@parley/mesh'

/** Somebody who was let in, here now or not. */
export type Member = ReturnType<Room['members']>[number]

export interface OpenOptions {
  /** `ws://…` or `wss://…` of `/v1` endpoints, in the order to try them. */
  readonly signaling: string[]
  readonly profile: Profile
  /** Of the server's operator; rejects when there is none to be had just now. */
  readonly token?: (signalingUrl: string) => Promise<string | null>
}

/** What this browser has of what the mesh needs. */
export interface Support {
  readonly secureContext: boolean
  readonly ed25519: boolean
  readonly x25519: boolean
  readonly webRtc: boolean
  readonly indexedDb: boolean
}
