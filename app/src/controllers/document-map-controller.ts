import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type * as Y from 'yjs'
import type { DocumentHandle } from '../mesh-types.ts'

/** One keyed map of one document: draws its host on changes and moves on when the document is replaced. */
export class DocumentMapController implements ReactiveController {
  readonly #host: ReactiveControllerHost
  readonly #mapName: string
  readonly #changed: (() => void) | null
  #handle: DocumentHandle | null = null
  #map: Y.Map<unknown> | null = null
  #unsubscribe: (() => void) | null = null
  /** Not to be written before. */
  loaded = false

  constructor(host: ReactiveControllerHost, mapName: string, changed: (() => void) | null = null) {
    this.#host = host
    this.#mapName = mapName
    this.#changed = changed
    host.addController(this)
  }

  get writable(): boolean {
    return this.loaded && this.#handle?.writable === true
  }

  /** To be called whenever the host may have got another handle. */
  watch(handle: DocumentHandle | null): void {
    if (handle === this.#handle) return
    this.#release()
    this.#handle = handle
    if (handle === null) return
    this.#unsubscribe = handle.onReplaced(() => this.#bind())
    this.#bind()
    void handle.whenLoaded.then(() => {
      if (handle !== this.#handle) return
      this.loaded = true
      this.#draw()
    })
  }

  get(key: string): unknown {
    return this.#map?.get(key)
  }

  entries(): readonly (readonly [string, unknown])[] {
    return [...(this.#map?.entries() ?? [])]
  }

  set(key: string, value: unknown): void {
    if (this.writable) this.#map?.set(key, value)
  }

  hostDisconnected(): void {
    this.watch(null)
  }

  readonly #draw = (): void => {
    this.#changed?.()
    this.#host.requestUpdate()
  }

  #bind(): void {
    this.#map?.unobserve(this.#draw)
    this.#map = this.#handle?.doc.getMap(this.#mapName) ?? null
    this.#map?.observe(this.#draw)
    this.#draw()
  }

  #release(): void {
    this.#map?.unobserve(this.#draw)
    this.#map = null
    this.#unsubscribe?.()
    this.#unsubscribe = null
    this.loaded = false
  }
}
