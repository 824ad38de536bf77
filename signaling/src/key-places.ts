/** How many connections each proven key has in each room, so that no member alone takes all places of one. Pure. */
import type { KeyId, RoomId } from '@parley/protocol'

export class KeyPlaces {
  readonly #counts = new Map<string, number>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#counts.size
  }

  /** What gives the place back, to be called once; `null` when the key has no place left. */
  take(roomId: RoomId, key: KeyId): (() => void) | null {
    const name = `${roomId} ${key}`
    const taken = this.#counts.get(name) ?? 0
    if (taken >= this.#most) return null
    this.#counts.set(name, taken + 1)
    return () => {
      const left = (this.#counts.get(name) ?? 0) - 1
      if (left > 0) this.#counts.set(name, left)
      else this.#counts.delete(name)
    }
  }
}
