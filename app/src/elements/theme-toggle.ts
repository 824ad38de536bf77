import { html, type TemplateResult } from 'lit'
import { StoreController } from '../controllers/store-controller.ts'
import type { Theme, ThemeStore } from '../theme-store.ts'
import { word } from '../words.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'

export class ThemeToggle extends LightElement {
  static override properties = { store: { attribute: false } }
  declare store: ThemeStore
  #theme: StoreController<Theme> | null = null

  override connectedCallback(): void {
    this.#theme ??= new StoreController(this, this.store)
    super.connectedCallback()
  }

  override render(): TemplateResult {
    const dark = this.#theme?.value === 'dark'
    return html`<button
      type="button"
      class="icon-button"
      aria-label=${word('darkTheme')}
      title=${word('darkTheme')}
      aria-pressed=${dark}
      @click=${() => this.store.choose(dark ? 'light' : 'dark')}
    >
      ${icon(dark ? 'moon' : 'sun')}
    </button>`
  }
}
