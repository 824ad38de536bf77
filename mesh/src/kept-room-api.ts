/** What an archivist's own program sees of a room that it keeps. Made by `keepRoomOn`. */
import type { CloseReason, DocName, KeyId, Role, RoomId } from '@parley/protocol'
import type * as Y from 'yjs'
import type { ConnectionState } from './api.ts'
import type { ParleyError } from './errors.ts'
import type { OperatorToken } from './join/operator-token.ts'
import type { Unsubscribe } from './ports.ts'

export interface KeepOptions {
  /** Addresses of signaling servers, in the order to try them. */
  readonly signaling: readonly string[]
  /** For signaling servers that ask for one. */
  readonly token?: OperatorToken
  /** Takes no read key from a link, whatever it shows. */
  readonly blind?: boolean
}

/** One document as the journal gives it now. */
export interface ReadDocument {
  /** To be destroyed by whoever asked. */
  readonly doc: Y.Doc
  /** Entries that stand and are not in `doc`: for want of a key, or of what they build on. */
  readonly missingCount: number
}

export interface RoomAuthor {
  readonly key: KeyId
  /** As they last said; empty when they never did. */
  readonly name: string
  readonly role: Role | null
  /** Of the last entry, by the author's clock. */
  readonly lastMs: number
}

/** What can be read of a room where an owner lets its archivist read. */
export interface RoomSight {
  /** Names of all documents that something was written into. */
  documents(): readonly DocName[]
  /** Another text whenever the document may read otherwise. */
  revisionOf(document: DocName): string
  read(document: DocName): Promise<ReadDocument>
  /** Who wrote into it, whoever did last first. */
  authorsOf(document: DocName): Promise<readonly RoomAuthor[]>
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

/** A room that is stored and served. */
export interface KeptRoom {
  readonly id: RoomId
  /** `null`: kept blindly, no key of its content is here. */
  readonly sight: RoomSight | null
  readonly state: ConnectionState
  stats(): KeptRoomStats
  /** Called after `state` or `stats` changed; many changes of one turn once. */
  onState(listener: () => void): Unsubscribe
  onEvent(listener: (event: KeptRoomEvent) => void): Unsubscribe
  /** Resolves once everything taken is stored and all links are closed. */
  close(): Promise<void>
}
