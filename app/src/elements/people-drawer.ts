import type { KeyId } from '@parley/protocol'
import { html, nothing, type TemplateResult } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { Person } from '../mesh-types.ts'
import { keyText, markedName } from '../name-marks.ts'
import type { ProfileStore } from '../profile-store.ts'
import { pathText, personText, roleText } from '../state-text.ts'
import { word } from '../words.ts'
import { avatar } from './avatar.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'

/** Who is here, and how one appears oneself. Fires `drawer-close`, `announce-changed`, `recovery-wanted`. */
export class PeopleDrawer extends LightElement {
  static override properties = {
    people: { attribute: false },
    marks: { attribute: false },
    showingKeys: { state: true },
    profile: { attribute: false },
    announcing: { attribute: false },
    recoverable: { attribute: false },
  }
  declare people: readonly Person[]
  declare marks: ReadonlyMap<KeyId, string>
  declare showingKeys: boolean
  declare profile: ProfileStore
  declare announcing: boolean
  declare recoverable: boolean

  constructor() {
    super()
    this.marks = new Map()
    this.showingKeys = false
  }

  override render(): TemplateResult {
    return html`
      <div class="drawer-head">
        <h2 id="people-heading">${word('people')}</h2>
        <button
          type="button"
          class="icon-button drawer-close"
          aria-label=${word('close')}
          @click=${() => this.dispatchEvent(new CustomEvent('drawer-close'))}
        >
          ${icon('close')}
        </button>
      </div>
      <ul class="people" aria-labelledby="people-heading">
        ${repeat(
          this.people,
          (person) => person.key,
          (person) => this.#person(person),
        )}
      </ul>
      <label class="check show-keys">
        <input
          type="checkbox"
          .checked=${this.showingKeys}
          aria-describedby="keys-explained"
          @change=${(event: Event) => {
            this.showingKeys = (event.target as HTMLInputElement).checked
          }}
        />
        ${word('showKeys')}
      </label>
      <p id="keys-explained" class="hint" ?hidden=${!this.showingKeys}>${word('keysExplained')}</p>
      <section class="drawer-section" aria-label=${word('settings')}>
        <profile-form .store=${this.profile}></profile-form>
        <label class="check">
          <input type="checkbox" .checked=${this.announcing} @change=${this.#announceChanged} />
          ${word('announce')}
        </label>
        ${
          this.recoverable
            ? html`<button type="button" @click=${() => this.dispatchEvent(new CustomEvent('recovery-wanted'))}>
                ${icon('key')}${word('recoverySave')}
              </button>`
            : nothing
        }
      </section>
    `
  }

  #person(person: Person): TemplateResult {
    const hand = person.handRaised ? html` · ${word('handRaised')}` : nothing
    const path = pathText(person.path)
    const name = markedName(person, this.marks)
    return html`<li title=${keyText(person.key)}>
      ${avatar(person.name, person.color)}
      <span class="person-text"
        ><bdi>${personText(person, name)}</bdi> <span class="person-role"><span class="visually-hidden">— </span>${roleText(person.role)}${hand}${path === '' ? nothing : html` · ${path}`}</span>${
          this.showingKeys ? html`<code class="person-key" dir="ltr">${keyText(person.key)}</code>` : nothing
        }</span
      >
    </li>`
  }

  #announceChanged(event: Event): void {
    const detail = (event.target as HTMLInputElement).checked
    this.dispatchEvent(new CustomEvent('announce-changed', { detail }))
  }
}
