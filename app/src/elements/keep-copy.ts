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
    /** Where there is room to explain it, the server may be let read as well. */
    detailed: { type: Boolean },
    phase: { state: true },
    sighted: { state: true },
    failure: { state: true },
  }
  declare room: Room
  declare state: Room['state']
  declare detailed: boolean
  declare phase: 'offered' | 'asking' | 'kept'
  declare sighted: boolean
  declare failure: ProblemKind | null
  /** It may stand in a notice and in a dialog at once. */
  readonly #explainedId = `keep-explained-${++count}`
  readonly #warnedId = `keep-warned-${count}`

  constructor() {
    super()
    this.detailed = false
    this.phase = 'offered'
    this.sighted = false
    this.failure = null
  }

  override willUpdate(): void {
    // From here on the room says it: once its archivist is revoked it can be asked again.
    if (this.phase !== 'kept' || this.state.save.archivist === 'none') return
    this.phase = 'offered'
    this.sighted = false
  }

  override render(): TemplateResult | typeof nothing {
    if (this.phase === 'kept' || this.state.save.archivist !== 'none') return this.#kept()
    const asking = this.phase === 'asking'
    if (!asking && !this.failure && !mayAskToKeep(this.room)) return nothing
    return html`
      <p id=${this.#explainedId}>${word(this.sighted ? 'keepExplainedSighted' : 'keepExplained')}</p>
      ${this.detailed ? this.#choice(asking) : nothing}
      <button type="button" aria-describedby=${this.#explainedId} ?disabled=${asking} @click=${() => void this.#ask()}>
        ${icon(asking ? 'waiting' : 'archivist')}${word('keepOnServer')}
      </button>
      <p class="hint" role="status">${asking ? word('keepAsking') : ''}</p>
      ${this.failure ? problem(this.failure) : nothing}
    `
  }

  #choice(asking: boolean): TemplateResult {
    return html`<label class="check">
        <input
          type="checkbox"
          aria-describedby=${this.#warnedId}
          ?disabled=${asking}
          .checked=${this.sighted}
          @change=${(event: Event) => {
            this.sighted = (event.target as HTMLInputElement).checked
          }}
        />${word('keepSighted')}
      </label>
      <p id=${this.#warnedId} class="hint">${word('keepSightedWarning')}</p>`
  }

  #kept(): TemplateResult {
    const isRead = this.room.members().some(({ role, sighted }) => role === 'archivist' && sighted)
    if (!isRead && !(this.phase === 'kept' && this.sighted))
      return html`<p role="status">${word('keepDone')}</p>`
    return html`<p role="status">${word('keepDoneSighted')}</p>
      ${
        this.detailed && this.room.self.role === 'owner'
          ? html`<p class="hint">${word('keepTakeBack')}</p>`
          : nothing
      }`
  }

  async #ask(): Promise<void> {
    if (this.phase !== 'offered') return
    this.phase = 'asking'
    this.failure = null
    try {
      await this.room.keepOnServer(location.origin + location.pathname, { sighted: this.sighted })
      this.phase = 'kept'
    } catch (error) {
      this.failure = problemOf(error)
      this.phase = 'offered'
    }
  }
}
