import { html, nothing, type TemplateResult } from 'lit'
import { word } from '../words.ts'
import { LightElement } from './light-element.ts'

export interface Question {
  readonly question: string
  readonly explained: string
  readonly confirm: string
  /** A choice that belongs to it, under a checkbox. */
  readonly option?: { readonly label: string; readonly hint?: string; readonly checked: boolean }
}

/** What somebody said yes to. */
export interface Consent {
  readonly option: boolean
}

/** Asks before something that cannot be undone. */
export class ConfirmDialog extends LightElement {
  static override properties = { asked: { state: true } }
  declare asked: Question | null

  constructor() {
    super()
    this.asked = null
  }

  /** Resolves once answered, with `null` for no; Escape means no. */
  async ask(question: Question): Promise<Consent | null> {
    this.asked = question
    await this.updateComplete
    const dialog = this.querySelector('dialog')
    if (!dialog) return null
    const option = dialog.querySelector<HTMLInputElement>('input')
    if (option) option.checked = question.option?.checked === true
    dialog.returnValue = ''
    dialog.showModal()
    return new Promise((resolve) => {
      const answer = (): void =>
        resolve(dialog.returnValue === 'yes' ? { option: option?.checked === true } : null)
      dialog.addEventListener('close', answer, { once: true })
    })
  }

  override render(): TemplateResult {
    return html`<dialog class="small" aria-labelledby="confirm-question" aria-describedby="confirm-explained">
      <form method="dialog">
        <h2 id="confirm-question">${this.asked?.question}</h2>
        <p id="confirm-explained">${this.asked?.explained}</p>
        ${this.#option()}
        <div class="dialog-buttons">
          <button value="no" autofocus>${word('cancel')}</button>
          <button value="yes" class="danger">${this.asked?.confirm}</button>
        </div>
      </form>
    </dialog>`
  }

  #option(): TemplateResult | typeof nothing {
    const option = this.asked?.option
    if (!option) return nothing
    return html`<div>
      <label class="check"><input type="checkbox" aria-describedby="confirm-hint" />${option.label}</label>
      <p id="confirm-hint" class="hint">${option.hint}</p>
    </div>`
  }
}
