/** What stands in place of a room that is not open: it is being opened, or could not be. */
import { html, nothing, type TemplateResult } from 'lit'
import { type ProblemKind, word } from '../words.ts'
import { problem } from './problem.ts'

/** The same again may end otherwise; a damaged link stays damaged. */
const WORTH_RETRYING: ReadonlySet<ProblemKind> = new Set(['storage-failed', 'closed', 'unexpected'])

export function roomOpening(making: boolean): TemplateResult {
  return html`<main id="content" class="room-wait" tabindex="-1">
    <img src="/logo.svg" alt="" width="48" height="48" class="pulse" />
    <h1 class="visually-hidden">Parley</h1>
    <p role="status">${word(making ? 'creating' : 'opening')}</p>
  </main>`
}

export function roomFailed(kind: ProblemKind, retry: () => void): TemplateResult {
  return html`<main id="content" class="room-wait" tabindex="-1">
    <img src="/logo.svg" alt="" width="48" height="48" />
    <h1 class="visually-hidden">Parley</h1>
    ${problem(kind)}
    <p class="dialog-buttons">
      <a class="button" href="#">${word('backHome')}</a>
      ${
        WORTH_RETRYING.has(kind)
          ? html`<button type="button" class="primary" @click=${retry}>${word('retry')}</button>`
          : nothing
      }
    </p>
  </main>`
}
