import { html, nothing, type TemplateResult } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { Person } from '../mesh-types.ts'
import type { ProfileStore } from '../profile-store.ts'
import { personText, roleText } from '../state-text.ts'
import { word } from '../words.ts'
import { avatar } from './avatar.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'

/** Who is here, and how one appears oneself. Fires `drawer-close`, `announce-changed`, `recovery-wanted`. */
export class PeopleDrawer extends LightElement {
  static override properties = {
    people: { attribute: false },
    profile: { attribute: false },
    announcing: { attribute: false },
    recoverable: { attribute: false },
  }
  declare people: readonly Person[]
  declare profile: ProfileStore
  declare announcing: boolean
  declare recoverable: boolean

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
    return html`<li>
      ${avatar(person.name, person.color)}
      <span class="person-text"
        ><bdi>${personText(person)}</bdi> <span class="person-role">— ${roleText(person.role)}${hand}</span></span
      >
    </li>`
  }

  #announceChanged(event: Event): void {
    const detail = (event.target as HTMLInputElement).checked
    this.dispatchEvent(new CustomEvent('announce-changed', { detail }))
  }
}
