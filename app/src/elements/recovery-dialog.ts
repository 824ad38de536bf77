import { html, nothing, type TemplateResult } from 'lit'
import { download } from '../download.ts'
import type { Room } from '../mesh-types.ts'
import { problemOf } from '../state-text.ts'
import { type ProblemKind, word } from '../words.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'
import type { PassphraseFields } from './passphrase-fields.ts'
import { problem } from './problem.ts'

/** Hands out the root key under a passphrase. Fires `recovery-saved`. */
export class RecoveryDialog extends LightElement {
  static override properties = {
    room: { attribute: false },
    step: { state: true },
    failure: { state: true },
  }
  declare room: Room
  declare step: 'asking' | 'working' | 'done'
  declare failure: ProblemKind | null

  constructor() {
    super()
    this.step = 'asking'
    this.failure = null
  }

  async show(): Promise<void> {
    await this.updateComplete
    this.querySelector('dialog')?.showModal()
  }

  #forget(): void {
    this.step = 'asking'
    this.failure = null
    this.querySelector<PassphraseFields>('passphrase-fields')?.forget()
  }

  override render(): TemplateResult {
    return html`<dialog class="small" aria-labelledby="recovery-heading" @close=${this.#forget}>
      <div class="dialog-head">
        <h2 id="recovery-heading">${word('recoveryTitle')}</h2>
        <form method="dialog">
          <button class="icon-button" aria-label=${word('close')}>${icon('close')}</button>
        </form>
      </div>
      <div class="dialog-body">
        ${this.step === 'done' ? html`<p class="done" tabindex="-1" role="status">${word('recoveryDone')}</p>` : this.#form()}
      </div>
    </dialog>`
  }

  #form(): TemplateResult {
    return html`<form class="recovery" @submit=${this.#save} novalidate>
      <p>${word('recoveryExplained')}</p>
      <passphrase-fields prefix="recovery"></passphrase-fields>
      ${this.failure ? problem(this.failure) : nothing}
      <button type="submit" class="primary" ?disabled=${this.step === 'working'}>
        ${word(this.step === 'working' ? 'recoveryWorking' : 'recoverySave')}
      </button>
    </form>`
  }

  async #save(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    this.failure = null
    const passphrase = this.querySelector<PassphraseFields>('passphrase-fields')?.take() ?? null
    if (passphrase === null) return
    this.step = 'working'
    try {
      const bytes = await this.room.recoveryFile?.(passphrase)
      if (!bytes) throw new RangeError('this device does not hold the root key')
      download([bytes], `parley-recovery-${this.room.id.slice(0, 8)}.json`)
      this.step = 'done'
      this.dispatchEvent(new CustomEvent('recovery-saved'))
      // The button is gone, and what happened is said there.
      await this.updateComplete
      this.querySelector<HTMLElement>('.done')?.focus()
    } catch (error) {
      this.step = 'asking'
      this.failure = problemOf(error)
    }
  }
}
