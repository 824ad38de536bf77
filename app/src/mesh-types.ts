/** The shapes of the mesh, as the app sees them. */
import type { Profile } from '../../mesh/src/api.ts'

export type {
  ConnectionState,
  DocumentHandle,
  Invite,
  InviteOptions,
  Person,
  Profile,
  Room,
  RoomEvent,
  RoomState,
  SaveState,
} from '../../mesh/src/api.ts'
export { ParleyError, type ParleyErrorKind } from '../../mesh/src/errors.ts'

export interface OpenOptions {
  /** `ws://…` or `wss://…` of `/v1` endpoints, in the order to try them. */
  readonly signaling: string[]
  readonly profile: Profile
}

export type Support = { readonly ok: true } | { readonly ok: false; readonly sentence: string }
