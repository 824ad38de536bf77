/**
 * A room that this device keeps without a grant, from a file: it can be read, and meets nobody. Shown as `detached`; whoever
 * wants to go on copies it as a new room. Rules: docs/spec.md, RF.
 */
import {
  clientIdOf,
  type DocName,
  decodeEntry,
  keyIdOf,
  type LogKey,
  limits,
  type RoomId,
  roomIdOf,
  sessionIdOf,
} from '@parley/protocol'
import type * as Y from 'yjs'
import type {
  DocumentHandle,
  DocumentHeads,
  HistoryEntry,
  HistoryOptions,
  Member,
  Moment,
  Profile,
  Room,
  RoomEvent,
  RoomState,
} from './api.ts'
import { ParleyError } from './errors.ts'
import { decodeRosterRecord, Roster } from './journal/roster.ts'
import { KeptRoom } from './kept-room.ts'
import type { Platform, Storage, StoredRoom, Unsubscribe } from './ports.ts'
import { cleanName } from './presence/presence-state.ts'
import { RoomDocuments } from './room-documents.ts'
import { exportRoom } from './room-export.ts'
import { RoomHistory } from './room-history.ts'

/** The record of a room's storage that takes the place of `room` where there is no grant. */
export interface CopySecrets {
  readonly readKey: Uint8Array
  readonly rootKey: Uint8Array
}

export const COPY_RECORD = 'copy'

/** Storage is input like any other: a record of another shape is none. */
export function parseCopy(value: unknown): CopySecrets | null {
  const { readKey, rootKey } = (value ?? {}) as Partial<CopySecrets>
  const isKey = (key: unknown) => key instanceof Uint8Array && key.length === 32
  return isKey(readKey) && isKey(rootKey) ? (value as CopySecrets) : null
}

export interface KeptCopy {
  readonly storage: Storage
  readonly stored: StoredRoom
  readonly secrets: CopySecrets
}

export async function openCopy(platform: Platform, { storage, stored, secrets }: KeptCopy): Promise<Room> {
  const { readKey, rootKey } = secrets
  const name = { roomId: roomIdOf(rootKey), rootKey: keyIdOf(rootKey), readKey }
  const kept = new KeptRoom(platform, name)
  const leftOut = await kept.load(stored)
  if (leftOut > 0) platform.log('warn', 'stored-entries-left-out', { count: leftOut })
  return new RoomCopy(platform, storage, kept, await readRoster(kept))
}

async function readRoster({ journal, seal }: KeptRoom): Promise<Roster> {
  const roster = new Roster()
  for (const log of journal.logsOf('roster' as DocName)) {
    const record = log.record(log.standing)
    const plaintext = record && (await seal.open(decodeEntry(record.bytes)))
    const said = plaintext && decodeRosterRecord(plaintext)
    if (said) roster.add(log.author, record.timeMs, { name: cleanName(said.name, limits.NAME_CHARACTERS) })
  }
  return roster
}

/** Nobody: the copy has no key of its own in this room. */
const NOBODY = keyIdOf(new Uint8Array(32))

class RoomCopy implements Room {
  readonly id: RoomId
  readonly self = { key: NOBODY, role: 'viewer', may: 'none', notAfterMs: 0 } as const
  readonly recoveryFile = null
  readonly #platform: Platform
  readonly #storage: Storage
  readonly #kept: KeptRoom
  readonly #roster: Roster
  readonly #documents: RoomDocuments
  readonly #history: RoomHistory
  readonly #stateListeners = new Set<() => void>()
  readonly #eventListeners = new Set<(event: RoomEvent) => void>()
  #closing: Promise<void> | null = null

  constructor(platform: Platform, storage: Storage, kept: KeptRoom, roster: Roster) {
    this.#platform = platform
    this.#storage = storage
    this.#kept = kept
    this.#roster = roster
    this.id = kept.name.roomId
    this.#documents = this.#makeDocuments()
    this.#history = new RoomHistory({
      journal: kept.journal,
      clock: platform.clock,
      nameOf: (key) => roster.nameOf(key),
      open: (log, seq, count) => kept.open(log.key as LogKey, seq, count),
    })
  }

  #makeDocuments(): RoomDocuments {
    const { clock, random } = this.#platform
    return new RoomDocuments({
      role: this.self.role,
      self: NOBODY,
      onCaret: () => undefined,
      carets: () => [],
      syncDeps: (name) => ({
        clock,
        logs: () => this.#kept.journal.logsOf(name),
        open: (log, seq, count) => this.#kept.open(log.key as LogKey, seq, count),
        newSession: () => {
          const id = sessionIdOf(random.bytes(8))
          return { id, clientId: clientIdOf(NOBODY, id, name) }
        },
        onWriting: () => undefined,
        write: () => Promise.reject(notAllowed()),
        onRefused: (_log, seq, fault) => this.#platform.log('warn', 'entry-refused', { seq, fault }),
        onNeedsBeyond: () => undefined,
        onError: (error) => this.#emit({ type: 'error', error }),
      }),
    })
  }

  get state(): RoomState {
    return {
      connection: { name: this.#closing ? 'closed' : 'detached' },
      save: { device: 'saved', holderCount: 0, archivist: 'none', written: false },
      sync: null,
      archivistOffered: false,
      reach: { relayOnly: this.#kept.standing.meta.relayOnly, relayOffered: null },
      people: [],
    }
  }

  onState(listener: () => void): Unsubscribe {
    this.#stateListeners.add(listener)
    return () => this.#stateListeners.delete(listener)
  }

  onEvent(listener: (event: RoomEvent) => void): Unsubscribe {
    this.#eventListeners.add(listener)
    return () => this.#eventListeners.delete(listener)
  }

  document(name: string): DocumentHandle {
    if (this.#closing) throw new ParleyError('closed', 'the room is closed')
    return this.#documents.open(name)
  }

  setProfile(_profile: Profile): void {
    // Nobody is here to see it.
  }

  setPage(_page: string | null): void {
    // Nobody is here to see it.
  }

  createInvite(): Promise<never> {
    return Promise.reject(notAllowed())
  }

  keepOnServer(): Promise<never> {
    return Promise.reject(notAllowed())
  }

  revoke(): Promise<never> {
    return Promise.reject(notAllowed())
  }

  closeLogs(): Promise<never> {
    return Promise.reject(notAllowed())
  }

  members(): readonly Member[] {
    const { authors } = this.#kept
    return [...authors.keys()].flatMap((key) => {
      const standing = authors.validStandingOf(key)
      if (!standing || key === standing.rootKey) return []
      const { role, notAfterMs, path } = standing
      const sighted = this.#kept.standing.isSighted(key)
      return [{ key, name: this.#roster.nameOf(key) ?? '', role, self: false, notAfterMs, path, sighted }]
    })
  }

  isRevoked(key: Member['key']): boolean {
    return this.#kept.standing.meta.revokedKeys.includes(key)
  }

  exportFile(): Promise<Uint8Array<ArrayBuffer>[]> {
    const { journal, authors, standing, epochs, name } = this.#kept
    const later = epochs.later.map(({ id, key }) => ({ counter: id.counter, key }))
    return exportRoom({
      rootKey: name.rootKey,
      journal,
      authors,
      proofs: standing.proofsHeld(),
      keys: name.readKey && { readKey: name.readKey, epochs: later },
      root: null,
      clock: this.#platform.clock,
    })
  }

  documents(): readonly DocName[] {
    return this.#history.documents()
  }

  history(options?: HistoryOptions): readonly HistoryEntry[] {
    return this.#history.entries(options)
  }

  moments(document: string): Promise<readonly Moment[]> {
    return this.#history.moments(document)
  }

  documentAt(document: string, at: DocumentHeads | number): Promise<Y.Doc> {
    return this.#history.documentAt(document, at)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#documents.close()
    await this.#storage.close()
    for (const listener of [...this.#stateListeners]) listener()
  }

  #emit(event: RoomEvent): void {
    for (const listener of [...this.#eventListeners]) listener(event)
  }
}

function notAllowed(): ParleyError {
  return new ParleyError('not-allowed', 'this copy of a room came without a grant: it can be read')
}
