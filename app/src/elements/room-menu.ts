import { html, type TemplateResult } from 'lit'
import { type UiKey, word } from '../words.ts'
import { type IconName, icon } from './icon.ts'
import { LightElement } from './light-element.ts'

export interface MenuItem {
  readonly label: UiKey
  readonly icon: IconName
  readonly act: () => void
}

/** A button with a menu, by the ARIA pattern: arrows, Home, End, Escape; focus comes back to the button. */
export class RoomMenu extends LightElement {
  static override properties = { items: { attribute: false }, open: { state: true } }
  declare items: readonly MenuItem[]
  declare open: boolean

  constructor() {
    super()
    this.items = []
    this.open = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    addEventListener('pointerdown', this.#pressedElsewhere)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    removeEventListener('pointerdown', this.#pressedElsewhere)
  }

  override render(): TemplateResult {
    return html`<button
        type="button"
        class="icon-button menu-button"
        aria-label=${word('roomMenu')}
        title=${word('roomMenu')}
        aria-haspopup="menu"
        aria-expanded=${this.open}
        @click=${() => void this.#show(!this.open)}
        @keydown=${this.#buttonKey}
      >
        ${icon('more')}
      </button>
      <div class="menu" role="menu" aria-label=${word('roomMenu')} ?hidden=${!this.open} @keydown=${this.#menuKey}>
        ${this.items.map(
          (
            item,
          ) => html`<button type="button" role="menuitem" tabindex="-1" @click=${() => this.#choose(item)}>
            ${icon(item.icon)}${word(item.label)}
          </button>`,
        )}
      </div>`
  }

  async #show(open: boolean, focused = 0): Promise<void> {
    this.open = open
    await this.updateComplete
    if (open) this.#entries.at(focused)?.focus()
    else this.querySelector<HTMLElement>('.menu-button')?.focus()
  }

  get #entries(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>('[role="menuitem"]')]
  }

  #choose(item: MenuItem): void {
    void this.#show(false).then(() => item.act())
  }

  #buttonKey(event: KeyboardEvent): void {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    event.preventDefault()
    void this.#show(true, event.key === 'ArrowDown' ? 0 : -1)
  }

  #menuKey(event: KeyboardEvent): void {
    const entries = this.#entries
    const at = entries.indexOf(document.activeElement as HTMLElement)
    const places: Readonly<Record<string, number>> = {
      ArrowDown: (at + 1) % entries.length,
      ArrowUp: (at - 1 + entries.length) % entries.length,
      Home: 0,
      End: entries.length - 1,
    }
    const place = places[event.key]
    if (place !== undefined) entries[place]?.focus()
    else if (event.key === 'Escape') void this.#show(false)
    else if (event.key === 'Tab') this.open = false
    else return
    if (event.key !== 'Tab') event.preventDefault()
  }

  readonly #pressedElsewhere = (event: Event): void => {
    if (this.open && !event.composedPath().includes(this)) this.open = false
  }
}
