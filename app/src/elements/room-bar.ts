import { html, nothing, type TemplateResult } from 'lit'
import { CalmSave } from '../calm-save.ts'
import type { Person, RoomState } from '../mesh-types.ts'
import { connectionText, connectionTone, saveStateText } from '../state-text.ts'
import type { ThemeStore } from '../theme-store.ts'
import { word } from '../words.ts'
import { avatar } from './avatar.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'
import type { MenuItem } from './room-menu.ts'

const AVATARS_SHOWN = 4

/** Title, what is saved where, how one is connected, who is here. Fires `title-typed`, `share-wanted`, `drawer-toggle`. */
export class RoomBar extends LightElement {
  static override properties = {
    roomTitle: { attribute: false },
    titleWritable: { attribute: false },
    state: { attribute: false },
    drawerOpen: { attribute: false },
    theme: { attribute: false },
    menu: { attribute: false },
  }
  declare roomTitle: string
  declare titleWritable: boolean
  declare state: RoomState
  declare drawerOpen: boolean
  declare theme: ThemeStore
  declare menu: readonly MenuItem[]

  readonly #calm = new CalmSave()
  #lookAgain: ReturnType<typeof setTimeout> | undefined

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearTimeout(this.#lookAgain)
  }

  override render(): TemplateResult {
    return html`<header class="room-bar">
      <a class="home-link" href="#" aria-label=${word('home')} title=${word('home')}>
        <img src="/logo.svg" alt="" width="28" height="28" />
      </a>
      <h1 class="visually-hidden">${this.roomTitle || word('untitled')}</h1>
      <div class="room-facts">
        <input
          class="room-title"
          type="text"
          aria-label=${word('roomTitle')}
          placeholder=${word('untitled')}
          maxlength="200"
          autocomplete="off"
          dir="auto"
          .value=${this.roomTitle}
          ?readonly=${!this.titleWritable}
          @input=${this.#titleTyped}
        />
        ${this.#states()}
      </div>
      ${this.#avatars(this.state.people)}
      <theme-toggle .store=${this.theme}></theme-toggle>
      <button
        type="button"
        class="icon-button people-toggle"
        aria-label=${word('showPeople')}
        title=${word('showPeople')}
        aria-expanded=${this.drawerOpen}
        aria-controls="people-drawer"
        @click=${() => this.dispatchEvent(new CustomEvent('drawer-toggle'))}
      >
        ${icon('people')}<span class="people-count" aria-hidden="true">${this.state.people.length}</span>
      </button>
      <room-menu .items=${this.menu}></room-menu>
      ${this.state.connection.name === 'detached' ? nothing : this.#shareButton()}
    </header>`
  }

  #shareButton(): TemplateResult {
    return html`<button
        type="button"
        class="primary share-button"
        aria-label=${word('share')}
        @click=${() => this.dispatchEvent(new CustomEvent('share-wanted'))}
      >
        ${icon('share')}<span>${word('share')}</span>
      </button>`
  }

  #states(): TemplateResult {
    const { connection } = this.state
    const tone = connectionTone(connection)
    return html`<div class="states">
      ${this.#saveState()}
      <span class="state" data-tone=${tone}>
        ${icon(tone === 'good' ? 'connected' : 'disconnected')}
        <span role="status" aria-label=${word('connection')}>${connectionText(connection, this.state.reach)}</span>
      </span>
    </div>`
  }

  #saveState(): TemplateResult {
    const { save } = this.state
    const { device, againInMs } = this.#calm.see(save.device, performance.now())
    clearTimeout(this.#lookAgain)
    if (againInMs !== null) this.#lookAgain = setTimeout(() => this.requestUpdate(), againInMs)
    const failed = device === 'failed'
    // Only bad news is read out unasked.
    return html`<span class="state" data-tone=${failed ? 'bad' : 'good'}>
      ${icon(failed ? 'unsaved' : 'saved')}
      <span
        role="status"
        aria-live=${failed ? 'polite' : 'off'}
        aria-label=${word('saveState')}
        aria-busy=${save.device === 'saving'}
        >${saveStateText({ ...save, device })}</span
      >
    </span>`
  }

  #avatars(people: readonly Person[]): TemplateResult {
    const more = people.length - AVATARS_SHOWN
    return html`<span class="avatars" aria-hidden="true">
      ${people.slice(0, AVATARS_SHOWN).map(({ name, color }) => avatar(name, color))}
      ${more > 0 ? html`<span class="avatar avatar-more" data-initials="+${more}"></span>` : nothing}
    </span>`
  }

  #titleTyped(event: InputEvent): void {
    const detail = (event.target as HTMLInputElement).value
    this.dispatchEvent(new CustomEvent('title-typed', { detail }))
  }
}
