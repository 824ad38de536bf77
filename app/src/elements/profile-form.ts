import { html, nothing, type TemplateResult } from 'lit'
import { styleMap } from 'lit/directives/style-map.js'
import { StoreController } from '../controllers/store-controller.ts'
import { type ColorName, PALETTE } from '../palette.ts'
import { cleanName, type StoredProfile } from '../profile.ts'
import type { ProfileStore } from '../profile-store.ts'
import { type UiKey, word } from '../words.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'

const COLOR_WORDS: Readonly<Record<ColorName, UiKey>> = {
  blue: 'colorBlue',
  green: 'colorGreen',
  violet: 'colorViolet',
  teal: 'colorTeal',
  pink: 'colorPink',
  amber: 'colorAmber',
  red: 'colorRed',
  olive: 'colorOlive',
}

/** Name and colour, saved as they are changed. */
export class ProfileForm extends LightElement {
  static override properties = { store: { attribute: false }, empty: { state: true } }
  declare store: ProfileStore
  declare empty: boolean
  #profile: StoreController<StoredProfile> | null = null

  constructor() {
    super()
    this.empty = false
  }

  override connectedCallback(): void {
    this.#profile ??= new StoreController(this, this.store)
    super.connectedCallback()
  }

  override render(): TemplateResult {
    return html`
      <div class="field">
        <label for="your-name">${word('yourName')}</label>
        <input
          id="your-name"
          type="text"
          autocomplete="nickname"
          maxlength="64"
          .value=${this.#profile?.value.name ?? ''}
          aria-describedby="your-name-hint"
          aria-invalid=${this.empty}
          @input=${this.#nameTyped}
          @change=${this.#nameLeft}
        />
        <p id="your-name-hint" class="hint">${word(this.empty ? 'nameNeeded' : 'yourNameHint')}</p>
      </div>
      <fieldset class="swatches">
        <legend>${word('yourColor')}</legend>
        ${PALETTE.map((color) => this.#swatch(color))}
      </fieldset>
    `
  }

  #swatch({ name, value }: (typeof PALETTE)[number]): TemplateResult {
    const chosen = this.#profile?.value.color === value
    return html`<label class="swatch" title=${word(COLOR_WORDS[name])} style=${styleMap({ '--swatch': value })}>
      <input
        type="radio"
        name="your-color"
        aria-label=${word(COLOR_WORDS[name])}
        .checked=${chosen}
        @change=${() => this.store.change({ color: value })}
      />
      ${chosen ? icon('check') : nothing}
    </label>`
  }

  #nameTyped(event: InputEvent): void {
    const name = cleanName((event.target as HTMLInputElement).value)
    this.empty = name === null
    // While somebody types, the field is theirs: what was cleaned is put back when they leave it.
    if (name !== null && name !== this.store.value.name) this.store.change({ name })
  }

  #nameLeft(event: Event): void {
    ;(event.target as HTMLInputElement).value = this.store.value.name
    this.empty = false
  }
}
