import { html, type PropertyValues, type TemplateResult } from 'lit'
import { icon } from '../../elements/icon.ts'
import { LightElement } from '../../elements/light-element.ts'
import type { DocumentHandle } from '../../mesh-types.ts'
import { word } from '../../words.ts'

/** Fetches the editor when it is needed first, and waits for the document. */
export class DocumentPage extends LightElement {
  static override properties = {
    handle: { attribute: false },
    locked: { attribute: false },
    focusAtOnce: { attribute: false },
    phase: { state: true },
  }
  declare handle: DocumentHandle
  /** Whether it may only be read, whatever the handle allows. */
  declare locked: boolean
  declare focusAtOnce: boolean
  declare phase: 'loading' | 'ready' | 'failed'

  constructor() {
    super()
    this.phase = 'loading'
    this.locked = false
    this.focusAtOnce = false
  }

  override willUpdate(changed: PropertyValues): void {
    if (changed.has('handle')) void this.#load(this.handle)
  }

  override render(): TemplateResult {
    switch (this.phase) {
      case 'ready':
        return html`<document-surface
          .handle=${this.handle}
          .locked=${this.locked}
          .focusAtOnce=${this.focusAtOnce}
        ></document-surface>`
      case 'loading':
        return html`<div class="page-loading" role="status">
          <span class="visually-hidden">${word('loadingPage')}</span>
          <span class="bone wide"></span><span class="bone"></span><span class="bone"></span><span class="bone short"></span>
        </div>`
      case 'failed':
        return html`<div class="notice notice-problem" role="alert">
          ${icon('alert')}
          <p>${word('pageFailed')}</p>
          <button type="button" @click=${() => void this.#load(this.handle)}>${word('retry')}</button>
        </div>`
    }
  }

  async #load(handle: DocumentHandle): Promise<void> {
    this.phase = 'loading'
    try {
      await Promise.all([import('./document-surface.ts'), handle.whenLoaded])
      if (handle === this.handle) this.phase = 'ready'
    } catch (error) {
      reportError(error)
      if (handle === this.handle) this.phase = 'failed'
    }
  }
}
