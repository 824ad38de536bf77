import { html, nothing, type TemplateResult } from 'lit'
import type { Room } from '../mesh-types.ts'
import {
  MIN_PASSPHRASE_CHARACTERS,
  normalizePassphrase,
  type PassphraseStrength,
  passphraseStrength,
} from '../passphrase.ts'
import { problemOf } from '../state-text.ts'
import { type ProblemKind, type UiKey, word } from '../words.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'
import { problem } from './problem.ts'

const STRENGTH_WORDS: Readonly<Record<PassphraseStrength, UiKey>> = {
  'too-short': 'strengthTooShort',
  weak: 'strengthWeak',
  fair: 'strengthFair',
  strong: 'strengthStrong',
}
const STEPS: readonly PassphraseStrength[] = ['too-short', 'weak', 'fair', 'strong']

function download(bytes: Uint8Array<ArrayBuffer>, name: string): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

/** Hands out the root key under a passphrase. Fires `recovery-saved`. */
export class RecoveryDialog extends LightElement {
  static override properties = {
    room: { attribute: false },
    strength: { state: true },
    fault: { state: true },
    step: { state: true },
    failure: { state: true },
  }
  declare room: Room
  declare strength: PassphraseStrength | null
  declare fault: UiKey | null
  declare step: 'asking' | 'working' | 'done'
  declare failure: ProblemKind | null

  constructor() {
    super()
    this.#forget()
  }

  async show(): Promise<void> {
    await this.updateComplete
    this.querySelector('dialog')?.showModal()
  }

  #forget(): void {
    this.strength = null
    this.fault = null
    this.step = 'asking'
    this.failure = null
    // Passphrases do not stay in the page.
    this.querySelector('form.recovery')?.dispatchEvent(new Event('forget'))
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
        ${this.step === 'done' ? html`<p role="status">${word('recoveryDone')}</p>` : this.#form()}
      </div>
    </dialog>`
  }

  #form(): TemplateResult {
    return html`<form
      class="recovery"
      @submit=${this.#save}
      @forget=${(event: Event) => (event.target as HTMLFormElement).reset()}
      novalidate
    >
      <p>${word('recoveryExplained')}</p>
      <div class="field">
        <label for="passphrase">${word('passphrase')}</label>
        <input id="passphrase" name="first" type="password" autocomplete="new-password" autofocus
          aria-describedby="passphrase-strength" @input=${this.#typed} />
        ${this.#meter()}
      </div>
      <div class="field">
        <label for="passphrase-again">${word('passphraseAgain')}</label>
        <input id="passphrase-again" name="second" type="password" autocomplete="new-password" />
      </div>
      ${
        this.fault
          ? html`<p class="fault" role="alert">
              ${icon('alert')}${word(this.fault, { count: MIN_PASSPHRASE_CHARACTERS })}
            </p>`
          : nothing
      }
      ${this.failure ? problem(this.failure) : nothing}
      <button type="submit" class="primary" ?disabled=${this.step === 'working'}>
        ${word(this.step === 'working' ? 'recoveryWorking' : 'recoverySave')}
      </button>
    </form>`
  }

  #meter(): TemplateResult {
    const reached = this.strength === null ? 0 : STEPS.indexOf(this.strength) + 1
    const text = this.strength && word(STRENGTH_WORDS[this.strength], { count: MIN_PASSPHRASE_CHARACTERS })
    return html`<div class="strength" data-reached=${reached} aria-hidden="true">
        ${STEPS.map(() => html`<span></span>`)}
      </div>
      <p id="passphrase-strength" class="hint" aria-live="polite">${text ?? ' '}</p>`
  }

  #typed(event: InputEvent): void {
    this.fault = null
    const value = normalizePassphrase((event.target as HTMLInputElement).value)
    this.strength = value === '' ? null : passphraseStrength(value)
  }

  async #save(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = new FormData(event.target as HTMLFormElement)
    const passphrase = normalizePassphrase(String(form.get('first')))
    this.failure = null
    if (passphraseStrength(passphrase) === 'too-short') return this.#refuse('passphraseShort', '#passphrase')
    if (passphrase !== normalizePassphrase(String(form.get('second'))))
      return this.#refuse('passphraseDiffers', '#passphrase-again')
    this.step = 'working'
    try {
      const bytes = await this.room.recoveryFile?.(passphrase)
      if (!bytes) throw new RangeError('this device does not hold the root key')
      download(bytes, `parley-recovery-${this.room.id.slice(0, 8)}.json`)
      this.step = 'done'
      this.dispatchEvent(new CustomEvent('recovery-saved'))
    } catch (error) {
      this.step = 'asking'
      this.failure = problemOf(error)
    }
  }

  #refuse(fault: UiKey, field: string): void {
    this.fault = fault
    this.querySelector<HTMLElement>(field)?.focus()
  }
}
