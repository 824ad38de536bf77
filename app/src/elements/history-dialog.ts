import { html, nothing, type TemplateResult } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { type EarlierState, earlierStates } from '../earlier-states.ts'
import { loadMesh } from '../mesh.ts'
import type { Room } from '../mesh-types.ts'
import { pageText } from '../page-text.ts'
import { problemOf } from '../state-text.ts'
import { PAGE_FIELD, RESTORED } from '../surfaces/document/page-field.ts'
import { countText, type ProblemKind, spanText, word } from '../words.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'
import { problem } from './problem.ts'

const PREVIEW_CHARACTERS = 2_000

/** How a page read at earlier moments, and back to one of them. Fires `state-restored`. */
export class HistoryDialog extends LightElement {
  static override properties = {
    room: { attribute: false },
    page: { attribute: false },
    states: { state: true },
    chosen: { state: true },
    preview: { state: true },
    restoring: { state: true },
    failure: { state: true },
  }
  declare room: Room
  /** Name of the document. */
  declare page: string
  /** `null` while they are looked for. */
  declare states: readonly EarlierState[] | null
  declare chosen: EarlierState | null
  declare preview: string | null
  declare restoring: boolean
  declare failure: ProblemKind | null

  constructor() {
    super()
    this.#forget()
  }

  async show(): Promise<void> {
    await this.updateComplete
    this.querySelector('dialog')?.showModal()
    try {
      this.states = earlierStates(await this.room.moments(this.page))
      const [latest] = this.states
      if (latest) await this.#choose(latest)
      await this.updateComplete
      this.querySelector<HTMLElement>('input:checked')?.focus()
    } catch (error) {
      this.#fail(error)
    }
  }

  #forget(): void {
    this.states = null
    this.chosen = null
    this.preview = null
    this.restoring = false
    this.failure = null
  }

  override render(): TemplateResult {
    return html`<dialog aria-labelledby="history-heading" @close=${this.#forget}>
      <div class="dialog-head">
        <h2 id="history-heading">${word('earlierStates')}</h2>
        <form method="dialog">
          <button class="icon-button" aria-label=${word('close')}>${icon('close')}</button>
        </form>
      </div>
      <form class="dialog-body" @submit=${this.#restore}>
        <p>${word('earlierExplained')}</p>
        ${this.failure ? problem(this.failure) : nothing} ${this.#body()}
      </form>
    </dialog>`
  }

  #body(): TemplateResult | typeof nothing {
    if (this.states === null)
      return this.failure ? nothing : html`<p class="hint" role="status">${word('earlierLoading')}</p>`
    if (this.states.length === 0) return html`<p role="status">${word('earlierNone')}</p>`
    return html`<div class="history">
        <fieldset class="history-list">
          <legend class="visually-hidden">${word('earlierList')}</legend>
          ${repeat(
            this.states,
            (state) => state,
            (state, index) => this.#state(state, index),
          )}
        </fieldset>
        <section class="history-preview" aria-label=${word('preview')} tabindex="0">
          ${
            this.preview === ''
              ? html`<p class="hint">${word('previewEmpty')}</p>`
              : html`<p class="history-text" dir="auto">${this.preview}</p>`
          }
        </section>
      </div>
      <div class="dialog-buttons">
        <button type="submit" class="primary" ?disabled=${this.restoring || this.preview === null}>
          ${word('restore')}
        </button>
      </div>`
  }

  #state(state: EarlierState, index: number): TemplateResult {
    const { name, fromMs, toMs, insertedCount, deletedCount, muchDeleted } = state
    const id = `earlier-${index}`
    return html`<div class="role-choice">
      <input
        type="radio"
        name="earlier"
        id=${id}
        aria-describedby=${`${id}-hint`}
        .checked=${state === this.chosen}
        @change=${() => void this.#choose(state)}
      />
      <label for=${id}><bdi>${word('beforeChanges', { name: name || word('nameless') })}</bdi></label>
      <span class="hint" id=${`${id}-hint`}>
        <span>${spanText(fromMs, toMs)}</span>
        <span
          >${word('changeCounts', { inserted: countText(insertedCount), deleted: countText(deletedCount) })}</span
        >
        ${muchDeleted ? html`<strong class="much">${icon('alert')}${word('muchDeleted')}</strong>` : nothing}
      </span>
    </div>`
  }

  async #choose(state: EarlierState): Promise<void> {
    this.chosen = state
    this.preview = null
    try {
      const then = await this.room.documentAt(this.page, state.heads)
      const text = pageText(then, PAGE_FIELD, PREVIEW_CHARACTERS)
      then.destroy()
      if (state === this.chosen) this.preview = text
    } catch (error) {
      if (state === this.chosen) this.#fail(error)
    }
  }

  async #restore(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    if (!this.chosen) return
    this.restoring = true
    this.failure = null
    try {
      const then = await this.room.documentAt(this.page, this.chosen.heads)
      const mesh = await loadMesh()
      mesh.restoreContent(this.room.document(this.page).doc, then, RESTORED)
      then.destroy()
      this.querySelector('dialog')?.close()
      this.dispatchEvent(new CustomEvent('state-restored'))
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.restoring = false
    this.failure = problemOf(error)
    if (this.failure === 'unexpected') reportError(error)
  }
}
