/** Storage is written several times a second while somebody types; a text that changes as often tells nobody anything. */
import type { SaveState } from './mesh-types.ts'

export const UNSAVED_SHOWN_AFTER_MS = 1_000

export interface CalmView {
  readonly device: SaveState['device']
  /** When to look again although nothing changed; `null` when that is of no use. Milliseconds. */
  readonly againInMs: number | null
}

/**
 * *Saved* stays until something has been unsaved for a second; a failure shows at once and goes only when saved. The mesh
 * tells that something is unsaved, not since when: whoever types on without a pause is shown *Saving…* after a second.
 */
export class CalmSave {
  #savingSinceMs: number | null = null
  #shown: SaveState['device'] | null = null

  /** `nowMs` is a time that never goes back. */
  see(device: SaveState['device'], nowMs: number): CalmView {
    if (device !== 'saving') {
      this.#savingSinceMs = null
      this.#shown = device
      return { device, againInMs: null }
    }
    this.#savingSinceMs ??= nowMs
    const leftMs = this.#savingSinceMs + UNSAVED_SHOWN_AFTER_MS - nowMs
    if (this.#shown === 'saved' && leftMs > 0) return { device: 'saved', againInMs: leftMs }
    if (this.#shown !== 'failed') this.#shown = 'saving'
    return { device: this.#shown, againInMs: null }
  }
}
