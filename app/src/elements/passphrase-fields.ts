import { html, nothing, type TemplateResult } from 'lit'
import {
  MIN_PASSPHRASE_CHARACTERS,
  normalizePassphrase,
  type PassphraseStrength,
  passphraseStrength,
} from '../passphrase.ts'
import { type UiKey, word } from '../words.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'

const STRENGTH_WORDS: Readonly<Record<PassphraseStrength, UiKey>> = {
  'too-short': 'strengthTooShort',
  weak: 'strengthWeak',
  fair: 'strengthFair',
  strong: 'strengthStrong',
}
const STEPS: readonly PassphraseStrength[] = ['too-short', 'weak', 'fair', 'strong']

/** A passphrase that is chosen now, twice, and what is wrong with it. */
export class PassphraseFields extends LightElement {
  static override properties = { prefix: {}, strength: { state: true }, fault: { state: true } }
  /** Ids are one for the whole page. */
  declare prefix: string
  declare strength: PassphraseStrength | null
  declare fault: UiKey | null

  constructor() {
    super()
    this.prefix = 'new'
    this.strength = null
    this.fault = null
  }

  override render(): TemplateResult {
    const id = `${this.prefix}-passphrase`
    return html`<div class="field">
        <label for=${id}>${word('passphrase')}</label>
        <input id=${id} type="password" autocomplete="new-password" autofocus
          aria-describedby=${`${id}-strength`} @input=${this.#typed} />
        ${this.#meter(`${id}-strength`)}
      </div>
      <div class="field">
        <label for=${`${id}-again`}>${word('passphraseAgain')}</label>
        <input id=${`${id}-again`} type="password" autocomplete="new-password" />
      </div>
      ${
        this.fault
          ? html`<p class="fault" role="alert">
              ${icon('alert')}${word(this.fault, { count: MIN_PASSPHRASE_CHARACTERS })}
            </p>`
          : nothing
      }`
  }

  /** The passphrase, or `null` after saying why not. */
  take(): string | null {
    const [first, second] = this.#values()
    this.fault = null
    if (passphraseStrength(first) === 'too-short') return this.#refuse('passphraseShort', 0)
    return first === second ? first : this.#refuse('passphraseDiffers', 1)
  }

  /** Passphrases do not stay in the page. */
  forget(): void {
    for (const input of this.querySelectorAll('input')) input.value = ''
    this.strength = null
    this.fault = null
  }

  #values(): [string, string] {
    const [first, second] = [...this.querySelectorAll('input')].map(({ value }) => normalizePassphrase(value))
    return [first ?? '', second ?? '']
  }

  #meter(id: string): TemplateResult {
    const reached = this.strength === null ? 0 : STEPS.indexOf(this.strength) + 1
    const text = this.strength && word(STRENGTH_WORDS[this.strength], { count: MIN_PASSPHRASE_CHARACTERS })
    return html`<div class="strength" data-reached=${reached} aria-hidden="true">
        ${STEPS.map(() => html`<span></span>`)}
      </div>
      <p id=${id} class="hint" aria-live="polite">${text ?? ' '}</p>`
  }

  #typed(): void {
    this.fault = null
    const [value] = this.#values()
    this.strength = value === '' ? null : passphraseStrength(value)
  }

  #refuse(fault: UiKey, field: number): null {
    this.fault = fault
    this.querySelectorAll('input')[field]?.focus()
    return null
  }
}
