/** What an archivist's own program sees of a room that it keeps. Made by `keepRoomOn`. */
import type { CloseReason, KeyId, RoomId } from '@parley/protocol'
import type { ConnectionState } from './api.ts'
import type { ParleyError } from './errors.ts'
import type { OperatorToken } from './join/operator-token.ts'
import type { Unsubscribe } from './ports.ts'

export interface KeepOptions {
  /** Addresses of signaling servers, in the order to try them. */
  readonly signaling: readonly string[]
  /** For signaling servers that ask for one. */
  readonly token?: OperatorToken
}

export interface KeptRoomStats {
  readonly logCount: number
  readonly entryCount: number
  /** Of sealed entries, in bytes. */
  readonly byteCount: number
  readonly linkCount: number
}

export type KeptRoomEvent =
  /** The archivist's grant was revoked: it keeps what it has and is not let in any more. */
  | { readonly type: 'revoked' }
  /** Somebody signed what they may not: it was not stored. */
  | {
      readonly type: 'author-refused'
      readonly author: KeyId
      readonly reason: CloseReason
      readonly detail: string
    }
  | {
      readonly type: 'link-closed'
      readonly key: KeyId | null
      readonly reason: CloseReason
      readonly detail: string
    }
  | { readonly type: 'error'; readonly error: ParleyError }

/** A room that is stored and served without being read: no key of its content is here. */
export interface KeptRoom {
  readonly id: RoomId
  readonly state: ConnectionState
  stats(): KeptRoomStats
  /** Called after `state` or `stats` changed; many changes of one turn once. */
  onState(listener: () => void): Unsubscribe
  onEvent(listener: (event: KeptRoomEvent) => void): Unsubscribe
  /** Resolves once everything taken is stored and all links are closed. */
  close(): Promise<void>
}
