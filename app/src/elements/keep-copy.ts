import { html, nothing, type TemplateResult } from 'lit'
import type { Room } from '../mesh-types.ts'
import { isShutOut, problemOf } from '../state-text.ts'
import { type ProblemKind, word } from '../words.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'
import { problem } from './problem.ts'

let count = 0

/** Whether there is somebody to ask, and whoever asks may. */
export function mayAskToKeep({ self, state }: Room): boolean {
  const { archivistOffered, save } = state
  return self.role === 'owner' && archivistOffered && save.archivist === 'none' && !isShutOut(state)
}

/** Says that an archivist keeps the room, or offers to ask the server's own; shows nothing where there is none. */
export class KeepCopy extends LightElement {
  static override properties = {
    room: { attribute: false },
    /** Drawn again with every state of the room. */
    state: { attribute: false },
    phase: { state: true },
    failure: { state: true },
  }
  declare room: Room
  declare state: Room['state']
  declare phase: 'offered' | 'asking' | 'kept'
  declare failure: ProblemKind | null
  /** It may stand in a notice and in a dialog at once. */
  readonly #explainedId = `keep-explained-${++count}`

  constructor() {
    super()
    this.phase = 'offered'
    this.failure = null
  }

  override render(): TemplateResult | typeof nothing {
    if (this.phase === 'kept' || this.state.save.archivist !== 'none')
      return html`<p role="status">${word('keepDone')}</p>`
    const asking = this.phase === 'asking'
    if (!asking && !this.failure && !mayAskToKeep(this.room)) return nothing
    return html`
      <p id=${this.#explainedId}>${word('keepExplained')}</p>
      <button type="button" aria-describedby=${this.#explainedId} ?disabled=${asking} @click=${() => void this.#ask()}>
        ${icon(asking ? 'waiting' : 'archivist')}${word('keepOnServer')}
      </button>
      <p class="hint" role="status">${asking ? word('keepAsking') : ''}</p>
      ${this.failure ? problem(this.failure) : nothing}
    `
  }

  async #ask(): Promise<void> {
    if (this.phase !== 'offered') return
    this.phase = 'asking'
    this.failure = null
    try {
      await this.room.keepOnServer(location.origin + location.pathname)
      this.phase = 'kept'
    } catch (error) {
      this.failure = problemOf(error)
      this.phase = 'offered'
    }
  }
}
