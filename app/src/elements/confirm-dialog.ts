import { html, type TemplateResult } from 'lit'
import { word } from '../words.ts'
import { LightElement } from './light-element.ts'

export interface Question {
  readonly question: string
  readonly explained: string
  readonly confirm: string
}

/** Asks before something that cannot be undone. */
export class ConfirmDialog extends LightElement {
  static override properties = { asked: { state: true } }
  declare asked: Question | null

  constructor() {
    super()
    this.asked = null
  }

  /** Resolves once answered; Escape means no. */
  async ask(question: Question): Promise<boolean> {
    this.asked = question
    await this.updateComplete
    const dialog = this.querySelector('dialog')
    if (!dialog) return false
    dialog.returnValue = ''
    dialog.showModal()
    return new Promise((resolve) => {
      dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true })
    })
  }

  override render(): TemplateResult {
    return html`<dialog class="small" aria-labelledby="confirm-question" aria-describedby="confirm-explained">
      <form method="dialog">
        <h2 id="confirm-question">${this.asked?.question}</h2>
        <p id="confirm-explained">${this.asked?.explained}</p>
        <div class="dialog-buttons">
          <button value="no" autofocus>${word('cancel')}</button>
          <button value="yes" class="danger">${this.asked?.confirm}</button>
        </div>
      </form>
    </dialog>`
  }
}
