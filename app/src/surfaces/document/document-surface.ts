/** The rich text editor with its toolbar: one lazy chunk. */
import type { Editor } from '@tiptap/core'
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit'
import { LightElement } from '../../elements/light-element.ts'
import type { DocumentHandle } from '../../mesh-types.ts'
import { word } from '../../words.ts'
import { createDocumentEditor } from './document-editor.ts'
import { FormattingToolbar } from './formatting-toolbar.ts'

/** Mounts an editor on the document, and again when the document is replaced; fires `document-rebuilt` then. */
export class DocumentSurface extends LightElement {
  static override properties = {
    handle: { attribute: false },
    locked: { attribute: false },
    focusAtOnce: { attribute: false },
    editor: { state: true },
  }
  declare handle: DocumentHandle
  declare editor: Editor | null
  declare locked: boolean
  /** Whether the caret goes into the text as soon as there is one. */
  declare focusAtOnce: boolean
  #unsubscribe: (() => void) | null = null

  constructor() {
    super()
    this.editor = null
    this.locked = false
    this.focusAtOnce = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    if (this.hasUpdated) this.#watch()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#unmount()
  }

  override firstUpdated(): void {
    this.#watch()
    if (this.focusAtOnce && this.#writable) this.editor?.commands.focus()
  }

  override updated(changed: PropertyValues): void {
    if (changed.has('handle') && changed.get('handle') !== undefined) this.#watch()
    else if (changed.has('locked') && changed.get('locked') !== undefined) this.#mount()
  }

  get #writable(): boolean {
    return this.handle.writable && !this.locked
  }

  override render(): TemplateResult {
    return html`
      ${
        this.#writable
          ? html`<formatting-toolbar .editor=${this.editor}></formatting-toolbar>`
          : html`<p class="view-only">${word('viewOnly')}</p>`
      }
      <div class="editor-host" data-placeholder=${this.#writable ? word('startWriting') : nothing}></div>
    `
  }

  #watch(): void {
    this.#unmount()
    this.#unsubscribe = this.handle.onReplaced(() => {
      const focused = this.editor?.isFocused === true
      this.#mount()
      if (focused) this.editor?.commands.focus('end')
      this.dispatchEvent(new CustomEvent('document-rebuilt', { bubbles: true }))
    })
    this.#mount()
  }

  #mount(): void {
    this.editor?.destroy()
    const host = this.querySelector<HTMLElement>('.editor-host')
    if (!host) return
    this.editor = createDocumentEditor({
      host,
      handle: this.handle,
      writable: this.#writable,
    })
  }

  #unmount(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = null
    this.editor?.destroy()
    this.editor = null
  }
}

customElements.define('formatting-toolbar', FormattingToolbar)
customElements.define('document-surface', DocumentSurface)
