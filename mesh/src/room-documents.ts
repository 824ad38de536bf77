/** Open documents of a room and their handles. */
import { type DocName, type KeyId, mayWrite, parseDocName, type Role } from '@parley/protocol'
import type * as Y from 'yjs'
import type { DocumentHandle } from './api.ts'
import { DocumentSync, type DocumentSyncDeps } from './document/document-sync.ts'
import { ParleyError } from './errors.ts'
import type { Unsubscribe } from './ports.ts'
import {
  type AwarenessChange,
  type AwarenessState,
  DocumentAwareness,
} from './presence/document-awareness.ts'

export interface OpenDocument {
  readonly name: DocName
  readonly sync: DocumentSync
  readonly handle: DocumentHandle
  awareness: DocumentAwareness
}

export interface RoomDocumentsDeps {
  readonly role: Role
  readonly self: KeyId
  readonly syncDeps: (name: DocName) => Omit<DocumentSyncDeps, 'name' | 'writable' | 'onReplaced'>
  /** The local state of a document's awareness changed. */
  readonly onCaret: (doc: DocName, clientId: number, state: AwarenessState | null) => void
  /** Carets of others, for an awareness that has just been made. */
  readonly carets: (doc: DocName) => Iterable<readonly [number, AwarenessState]>
}

export class RoomDocuments {
  readonly #deps: RoomDocumentsDeps
  readonly #open = new Map<DocName, OpenDocument>()

  constructor(deps: RoomDocumentsDeps) {
    this.#deps = deps
  }

  all(): Iterable<OpenDocument> {
    return this.#open.values()
  }

  get(name: DocName): OpenDocument | undefined {
    return this.#open.get(name)
  }

  /** Throws {@link ParleyError} `not-allowed` for a name that no document can have. */
  open(text: string): DocumentHandle {
    const name = parseDocName(text)
    if (!name) throw new ParleyError('not-allowed', `not the name of a document: ${text}`)
    const open = this.#open.get(name) ?? this.#make(name)
    this.#open.set(name, open)
    return open.handle
  }

  #make(name: DocName): OpenDocument {
    const listeners = new Set<() => void>()
    const writable = mayWrite(this.#deps.role, name)
    const sync = new DocumentSync({
      ...this.#deps.syncDeps(name),
      name,
      writable,
      onReplaced: () => {
        this.#follow(open)
        for (const listener of [...listeners]) listener()
      },
    })
    const handle = makeHandle(() => open, writable, listeners)
    const open: OpenDocument = { name, sync, handle, awareness: new DocumentAwareness(sync.doc) }
    this.#listen(open)
    return open
  }

  /** A replaced document has another clientID, so another awareness. */
  #follow(open: OpenDocument): void {
    const before = open.awareness
    this.#deps.onCaret(open.name, before.clientID, null)
    open.awareness = new DocumentAwareness(open.sync.doc)
    this.#listen(open)
    before.destroy()
  }

  #listen(open: OpenDocument): void {
    const { awareness, name } = open
    for (const [clientId, state] of this.#deps.carets(name)) awareness.setRemoteState(clientId, state)
    awareness.on('update', (_change: AwarenessChange, origin: unknown) => {
      if (origin === 'local') this.#deps.onCaret(name, awareness.clientID, awareness.getLocalState())
    })
  }

  async flush(): Promise<void> {
    await Promise.all([...this.#open.values()].map((open) => open.sync.flush()))
  }

  /** What is shown, others wrote it as well, is in entries. */
  async confirmed(): Promise<void> {
    await Promise.all([...this.#open.values()].map((open) => open.sync.confirmed()))
  }

  close(): void {
    for (const open of this.#open.values()) {
      open.awareness.destroy()
      open.sync.close()
    }
  }
}

function makeHandle(open: () => OpenDocument, writable: boolean, listeners: Set<() => void>): DocumentHandle {
  return {
    get name(): DocName {
      return open().name
    },
    get doc(): Y.Doc {
      return open().sync.doc
    },
    get awareness(): DocumentAwareness {
      return open().awareness
    },
    get whenLoaded(): Promise<void> {
      return open().sync.whenLoaded
    },
    writable,
    onReplaced(listener: () => void): Unsubscribe {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
