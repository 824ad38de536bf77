/** Whoever listens to a room: to its state, of whose many changes in one turn it hears once, and to single events. */
import type { Clock, Unsubscribe } from './ports.ts'

export class RoomListeners<Event> {
  readonly #clock: Pick<Clock, 'after'>
  readonly #ofState = new Set<() => void>()
  readonly #ofEvents = new Set<(event: Event) => void>()
  #isTelling = false

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock
  }

  onState(listener: () => void): Unsubscribe {
    this.#ofState.add(listener)
    return () => this.#ofState.delete(listener)
  }

  onEvent(listener: (event: Event) => void): Unsubscribe {
    this.#ofEvents.add(listener)
    return () => this.#ofEvents.delete(listener)
  }

  /** At once, to everybody who listens now. */
  emit(event: Event): void {
    for (const listener of [...this.#ofEvents]) listener(event)
  }

  /** Something that the state is computed from is another. */
  changed(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    this.#clock.after(0, () => {
      this.#isTelling = false
      for (const listener of [...this.#ofState]) listener()
    })
  }
}
