import { html, nothing, type TemplateResult } from 'lit'
import { download, fileNameOf } from '../download.ts'
import type { Room } from '../mesh-types.ts'
import { problemOf } from '../state-text.ts'
import { type ProblemKind, sizeText, word } from '../words.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'
import type { PassphraseFields } from './passphrase-fields.ts'
import { problem } from './problem.ts'

type Step = { readonly name: 'asking' | 'working' } | { readonly name: 'done'; readonly sizeBytes: number }

/** The whole room as one file, with the key that owns it on request. */
export class ExportDialog extends LightElement {
  static override properties = {
    room: { attribute: false },
    roomTitle: { attribute: false },
    withKey: { state: true },
    step: { state: true },
    failure: { state: true },
  }
  declare room: Room
  declare roomTitle: string
  declare withKey: boolean
  declare step: Step
  declare failure: ProblemKind | null

  constructor() {
    super()
    this.roomTitle = ''
    this.#forget()
  }

  async show(): Promise<void> {
    await this.updateComplete
    this.querySelector('dialog')?.showModal()
  }

  #forget(): void {
    this.withKey = false
    this.step = { name: 'asking' }
    this.failure = null
    this.querySelector<PassphraseFields>('passphrase-fields')?.forget()
  }

  override render(): TemplateResult {
    return html`<dialog class="small" aria-labelledby="export-heading" @close=${this.#forget}>
      <div class="dialog-head">
        <h2 id="export-heading">${word('exportRoom')}</h2>
        <form method="dialog">
          <button class="icon-button" aria-label=${word('close')}>${icon('close')}</button>
        </form>
      </div>
      <div class="dialog-body">
        ${
          this.step.name === 'done'
            ? html`<p class="done" tabindex="-1" role="status">${word('exportDone', { size: sizeText(this.step.sizeBytes) })}</p>`
            : this.#form(this.step.name === 'working')
        }
      </div>
    </dialog>`
  }

  #form(working: boolean): TemplateResult {
    return html`<form class="recovery" @submit=${this.#export} novalidate>
      <p class="warning">${icon('alert')}<span>${word('exportExplained')}</span></p>
      ${this.room?.recoveryFile ? this.#keyChoice() : nothing}
      ${this.failure ? problem(this.failure) : nothing}
      <button type="submit" class="primary" ?disabled=${working}>
        ${word(working ? 'exportWorking' : 'exportSave')}
      </button>
    </form>`
  }

  #keyChoice(): TemplateResult {
    return html`<div>
        <label class="check">
          <input
            type="checkbox"
            .checked=${this.withKey}
            aria-describedby="export-key-hint"
            @change=${(event: Event) => {
              this.withKey = (event.target as HTMLInputElement).checked
            }}
          />${word('exportOwnerKey')}
        </label>
        <p id="export-key-hint" class="hint">${word('exportOwnerKeyHint')}</p>
      </div>
      ${this.withKey ? html`<passphrase-fields prefix="export"></passphrase-fields>` : nothing}`
  }

  async #export(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    this.failure = null
    const passphrase = this.querySelector<PassphraseFields>('passphrase-fields')?.take() ?? null
    if (this.withKey && passphrase === null) return
    this.step = { name: 'working' }
    try {
      const pieces = await this.room.exportFile(passphrase === null ? {} : { passphrase })
      download(pieces, fileNameOf(this.roomTitle, 'room', '.parley'))
      this.step = { name: 'done', sizeBytes: pieces.reduce((sum, { length }) => sum + length, 0) }
      // The button is gone, and what happened is said there.
      await this.updateComplete
      this.querySelector<HTMLElement>('.done')?.focus()
    } catch (error) {
      this.step = { name: 'asking' }
      this.failure = problemOf(error)
    }
  }
}
