/** The shapes that users of the mesh see. Functions that make them are in `index.ts`. */
import type { CloseReason, Delegation, DocName, KeyId, LogKey, Role, RoomId } from '@parley/protocol'
import type * as Y from 'yjs'
import type { ParleyError } from './errors.ts'
import type { LinkPath, Unsubscribe } from './ports.ts'
import type { DocumentAwareness } from './presence/document-awareness.ts'

/** How the room reaches others; derived from links and signaling, never set. */
export type ConnectionState =
  /** Finding out: signaling is being dialled or peers are being met. */
  | { readonly name: 'connecting' }
  /** Signaling is up and knows of nobody else here. */
  | { readonly name: 'alone' }
  /** With signaling `down` the people here go on; nobody new can be introduced. */
  | {
      readonly name: 'connected'
      readonly linkCount: number
      /** Of these, links that go through a relay. */
      readonly relayedCount: number
      readonly signaling: 'up' | 'down'
    }
  /** No signaling and no link; edits are kept and merged later. */
  | { readonly name: 'offline' }
  /** Everybody here holds as many links as they may. */
  | { readonly name: 'full' }
  /** Others are here, but no direct connection to any of them came about. */
  | { readonly name: 'unreachable'; readonly peerCount: number }
  /** Signaling or every peer refuses this device: expired, revoked, other version. */
  | { readonly name: 'refused'; readonly reason: CloseReason }
  /** A copy from a file, without a grant: it is read, written by nobody, and meets nobody. */
  | { readonly name: 'detached' }
  | { readonly name: 'closed' }

/** What stands between this device and others, as signaling and the room tell it. */
export interface ReachState {
  /** Connections go through relays alone, so that nobody learns anybody's address. */
  readonly relayOnly: boolean
  /** Whether the signaling server offers a relay (TURN); `null` before it was asked. */
  readonly relayOffered: boolean | null
}

/** Three facts, never one. */
export interface SaveState {
  /** `failed`: what was written since is only in memory. */
  readonly device: 'saved' | 'saving' | 'failed'
  /** Other devices that acknowledged the last change made here as stored by them. */
  readonly holderCount: number
  /** Whether a signed receipt for the last change made here is held; `none`: no archivist of this room is known. */
  readonly archivist: 'none' | 'behind' | 'holds'
  /** Whether anything was written here at all since the room was opened. */
  readonly written: boolean
}

export interface Person {
  readonly key: KeyId
  readonly name: string
  /** `#rrggbb` */
  readonly color: string
  readonly role: Role
  readonly self: boolean
  readonly handRaised: boolean
  readonly page: DocName | null
  /** How bytes travel to them; `null` for oneself, for who is reached through others, and before it is known. */
  readonly path: LinkPath | null
}

/** Of entries that others have: `received` of those asked for since it began, `missing` still to come. */
export interface SyncState {
  readonly receivedCount: number
  readonly receivedBytes: number
  readonly missingCount: number
}

export interface RoomState {
  readonly connection: ConnectionState
  readonly reach: ReachState
  readonly save: SaveState
  /** Present while receiving takes longer than a second. */
  readonly sync: SyncState | null
  /** Whether the signaling server has an archivist that {@link Room.keepOnServer} reaches. */
  readonly archivistOffered: boolean
  readonly people: readonly Person[]
}

/** What happened once and is not a state. */
export type RoomEvent =
  | { readonly type: 'joined' | 'left'; readonly person: Person }
  /** Two entries for one place of a log, both signed: proven to everybody, the author shut out. */
  | { readonly type: 'equivocation'; readonly author: KeyId; readonly name: string }
  /** An archivist has less than it signed for: it was put back to an older state, what is missing goes up again. */
  | { readonly type: 'archivist-rolled-back'; readonly archivist: KeyId }
  /** This device lost its right to be here. */
  | { readonly type: 'revoked' }
  /** Somebody signed what they may not, or broke the rules of a document: nothing of it was applied. */
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

/**
 * One document. A Y.Doc cannot roll back, so a repair replaces it: `doc` and `awareness` change, bindings remount,
 * the undo stack is lost.
 */
export interface DocumentHandle {
  readonly name: DocName
  /** For who may not write: a mirror, nothing done to it leaves this device. */
  readonly doc: Y.Doc
  readonly awareness: DocumentAwareness
  readonly writable: boolean
  /** Not to be written before. */
  readonly whenLoaded: Promise<void>
  onReplaced(listener: () => void): Unsubscribe
}

export interface Profile {
  readonly name: string
  /** `#rrggbb` */
  readonly color: string
}

export interface InviteOptions {
  /** `archivist`: the link shows no key of any content, unless `sighted`. Owners invite archivists. */
  readonly role: Role
  /** For an archivist: it may read the room, what is written later included. Everybody can see that it may. */
  readonly sighted?: boolean
  /** Unix time in milliseconds; capped by one's own grant. */
  readonly notAfterMs: number
  readonly may?: Exclude<Delegation, 'none'>
}

export interface KeepOnServerOptions {
  /** It gets the keys of the room, those of later epochs included, until it is revoked. */
  readonly sighted?: boolean
}

export interface Invite {
  readonly key: KeyId
  /** X25519 key of the invite: a later epoch key is wrapped for it, while it is live. */
  readonly agreement: Uint8Array
  /** Everything after `#` included; a bearer secret. */
  readonly link: string
  readonly role: Role
  readonly notAfterMs: number
}

/** Somebody who was let in, here now or not. */
export interface Member {
  readonly key: KeyId
  /** As they last said; empty when they never did. */
  readonly name: string
  readonly role: Role
  readonly self: boolean
  /** Unix time in milliseconds. */
  readonly notAfterMs: number
  /** The keys that their grant passes through, the invite's among them. */
  readonly path: readonly KeyId[]
  /** Of an archivist: an owner lets it read. */
  readonly sighted: boolean
}

/** How far each log of a document reaches at a moment; logs that are not named have nothing in it. */
export type DocumentHeads = ReadonlyMap<LogKey, number>

/** One entry that stands, as its header says; the author's own clock. */
export interface HistoryEntry {
  readonly document: DocName
  readonly author: KeyId
  /** As they last said; empty when they never did. */
  readonly name: string
  /** Unix time in milliseconds. */
  readonly timeMs: number
  readonly log: LogKey
  readonly seq: number
  /** As stored and sent. */
  readonly sizeBytes: number
}

export interface HistoryOptions {
  /** All documents without it. */
  readonly document?: string
  /** Continues a page: only entries before this one. */
  readonly before?: HistoryEntry
  /** Default 100. */
  readonly limit?: number
}

/** What one person wrote into one document without a pause. */
export interface Moment {
  readonly author: KeyId
  readonly name: string
  readonly fromMs: number
  readonly toMs: number
  readonly entryCount: number
  /** Units of text and elements that were written and deleted. */
  readonly insertedCount: number
  readonly deletedCount: number
  readonly before: DocumentHeads
  readonly after: DocumentHeads
}

export interface Room {
  readonly id: RoomId
  readonly self: {
    readonly key: KeyId
    readonly role: Role
    readonly may: Delegation
    readonly notAfterMs: number
  }
  readonly state: RoomState
  /** Called after `state` changed. */
  onState(listener: () => void): Unsubscribe
  onEvent(listener: (event: RoomEvent) => void): Unsubscribe
  /** The same handle for the same name until the room is closed. */
  document(name: string): DocumentHandle
  setProfile(profile: Profile): void
  setPage(page: string | null): void
  /** `base` is the address of the app without a fragment. Throws `not-allowed`. */
  createInvite(base: string, options: InviteOptions): Promise<Invite>
  /**
   * Asks the archivist of the signaling server to keep the room: blindly, or `sighted`, so that whoever runs it can read
   * everything. Throws {@link ParleyError} `not-allowed` (owners only), `archivist-unavailable`, `archivist-refused`.
   */
  keepOnServer(base: string, options?: KeepOnServerOptions): Promise<void>
  /** Everybody whose grant still gives a right; changes are told like those of `state`. */
  members(): readonly Member[]
  isRevoked(key: KeyId): boolean
  /**
   * Takes the right from a member or an invite, and from whoever came by it except `keep`; the room goes on under a new
   * key. What they wrote before stands. Throws `not-allowed`: owners only, and no other owner can be revoked.
   */
  revoke(key: KeyId, keep?: readonly KeyId[]): Promise<void>
  /**
   * Closes what a key wrote whose grants have ended: nothing that it dates back from now on stands. A later grant for the
   * same key lifts it. Owners' devices do it by themselves about a minute after the end. Throws `not-allowed`.
   */
  closeLogs(key: KeyId): Promise<void>
  /** The root key under a passphrase; `null` on devices that do not hold it. */
  recoveryFile: ((passphrase: string) => Promise<Uint8Array<ArrayBuffer>>) | null
  /**
   * Everything that this device has of the room as a `.parley` file, in pieces: `new Blob(pieces)`. It holds the keys that
   * the room is read with, so it is as secret as a link; with a passphrase the root key under it, too. Throws `not-allowed`
   * where that is not held.
   */
  exportFile(options?: { readonly passphrase?: string }): Promise<Uint8Array<ArrayBuffer>[]>
  /** Names of all documents that something was written into. */
  documents(): readonly DocName[]
  /** Who wrote what when, a page at a time, the latest first; only what stands. */
  history(options?: HistoryOptions): readonly HistoryEntry[]
  /** The same of one document, by author and pause, no deletion before what it deletes; the latest first. */
  moments(document: string): Promise<readonly Moment[]>
  /**
   * A document as it was, to be destroyed by whoever asked: at heads of a {@link Moment}, or at a Unix time in milliseconds
   * by the clocks of authors. Cuts of today count.
   */
  documentAt(document: string, at: DocumentHeads | number): Promise<Y.Doc>
  /** Resolves once everything written is stored and all links are closed. */
  close(): Promise<void>
}
