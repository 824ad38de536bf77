import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type { Store } from '../store.ts'

/** Draws its host again whenever a store changes. */
export class StoreController<T> implements ReactiveController {
  readonly #host: ReactiveControllerHost
  readonly #store: Store<T>
  #unsubscribe: (() => void) | null = null

  constructor(host: ReactiveControllerHost, store: Store<T>) {
    this.#host = host
    this.#store = store
    host.addController(this)
  }

  get value(): T {
    return this.#store.value
  }

  hostConnected(): void {
    this.#unsubscribe = this.#store.subscribe(() => this.#host.requestUpdate())
  }

  hostDisconnected(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = null
  }
}
