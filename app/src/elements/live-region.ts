import { html, type TemplateResult } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { LightElement } from './light-element.ts'

const ANNOUNCEMENTS_KEPT = 4

/** Says things to screen readers without interrupting them. */
export class LiveRegion extends LightElement {
  static override properties = { lines: { state: true } }
  declare lines: readonly { readonly id: number; readonly text: string }[]
  #nextId = 0

  constructor() {
    super()
    this.lines = []
  }

  announce(text: string): void {
    this.lines = [...this.lines, { id: this.#nextId++, text }].slice(-ANNOUNCEMENTS_KEPT)
  }

  override render(): TemplateResult {
    return html`<div class="visually-hidden" aria-live="polite" aria-relevant="additions">
      ${repeat(
        this.lines,
        ({ id }) => id,
        ({ text }) => html`<p>${text}</p>`,
      )}
    </div>`
  }
}
