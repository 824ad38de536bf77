/**
 * Awareness of one document: of the shape that caret plugins expect from y-protocols, without its timer. Who has left
 * is told by closed links; what comes in was checked before it gets here.
 */
import { ObservableV2 } from 'lib0/observable'
import type * as Y from 'yjs'

export type AwarenessState = Record<string, unknown>
export interface AwarenessChange {
  readonly added: number[]
  readonly updated: number[]
  readonly removed: number[]
}
type AwarenessEvents = {
  change: (change: AwarenessChange, origin: unknown) => void
  update: (change: AwarenessChange, origin: unknown) => void
  destroy: (awareness: DocumentAwareness) => void
}

export class DocumentAwareness extends ObservableV2<AwarenessEvents> {
  readonly doc: Y.Doc
  readonly states: Map<number, AwarenessState> = new Map()
  /** y-protocols keeps clocks here; bindings only look whether an entry exists. */
  readonly meta: Map<number, { clock: number; lastUpdated: number }> = new Map()

  constructor(doc: Y.Doc) {
    super()
    this.doc = doc
  }

  get clientID(): number {
    return this.doc.clientID
  }

  getStates(): Map<number, AwarenessState> {
    return this.states
  }

  getLocalState(): AwarenessState | null {
    return this.states.get(this.clientID) ?? null
  }

  setLocalState(state: AwarenessState | null): void {
    this.#set(this.clientID, state, 'local')
  }

  setLocalStateField(field: string, value: unknown): void {
    const state = this.getLocalState()
    if (state !== null) this.setLocalState({ ...state, [field]: value })
    else this.setLocalState({ [field]: value })
  }

  /** For the room: what another copy shows, or null when it no longer does. */
  setRemoteState(clientId: number, state: AwarenessState | null): void {
    if (clientId !== this.clientID) this.#set(clientId, state, 'remote')
  }

  #set(clientId: number, state: AwarenessState | null, origin: 'local' | 'remote'): void {
    const before = this.states.has(clientId)
    if (state === null && !before) return
    if (state === null) {
      this.states.delete(clientId)
      this.meta.delete(clientId)
    } else {
      this.states.set(clientId, state)
      this.meta.set(clientId, { clock: (this.meta.get(clientId)?.clock ?? 0) + 1, lastUpdated: 0 })
    }
    const change: AwarenessChange = {
      added: !before ? [clientId] : [],
      updated: before && state !== null ? [clientId] : [],
      removed: state === null ? [clientId] : [],
    }
    this.emit('change', [change, origin])
    this.emit('update', [change, origin])
  }

  override destroy(): void {
    this.emit('destroy', [this])
    this.states.clear()
    super.destroy()
  }
}
