import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type { KnownRoom, RoomsList } from '../rooms-list.ts'

/** Shows the list of rooms, and whether it is known yet. */
export class RoomsListController implements ReactiveController {
  readonly #host: ReactiveControllerHost
  readonly #list: RoomsList
  #unsubscribe: (() => void) | null = null
  loading = true
  failed = false

  constructor(host: ReactiveControllerHost, list: RoomsList) {
    this.#host = host
    this.#list = list
    host.addController(this)
  }

  get rooms(): readonly KnownRoom[] {
    return this.#list.all()
  }

  forget(room: KnownRoom): void {
    this.#list.forget(room.roomId)
  }

  hostConnected(): void {
    this.#unsubscribe = this.#list.subscribe(() => this.#host.requestUpdate())
    this.#list.whenLoaded.then(
      () => this.#loaded(false),
      () => this.#loaded(true),
    )
  }

  hostDisconnected(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = null
  }

  #loaded(failed: boolean): void {
    this.loading = false
    this.failed = failed
    this.#host.requestUpdate()
  }
}
