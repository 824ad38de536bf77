import { html, nothing, type TemplateResult } from 'lit'
import type { RoomState } from '../mesh-types.ts'
import { stateProblem } from '../state-text.ts'
import { type ProblemKind, word } from '../words.ts'
import { icon } from './icon.ts'
import { problem } from './problem.ts'

export interface Notices {
  readonly state: RoomState
  /** What went wrong once; stays until dismissed. */
  readonly mishap: ProblemKind | 'author-refused' | null
  readonly rebuilt: boolean
  readonly offerRecovery: boolean
  readonly newcomerName: string | null
  readonly act: (
    action: 'dismiss-mishap' | 'dismiss-rebuilt' | 'recovery' | 'recovery-later' | 'rename' | 'keep-name',
  ) => void
}

function closeButton(act: () => void): TemplateResult {
  return html`<button type="button" class="icon-button" aria-label=${word('dismiss')} @click=${act}>
    ${icon('close')}
  </button>`
}

function mishapNotice({ mishap, act }: Notices): unknown {
  if (mishap === null) return nothing
  const dismiss = closeButton(() => act('dismiss-mishap'))
  if (mishap !== 'author-refused') return problem(mishap, dismiss)
  return html`<div class="notice notice-problem" role="alert">
    ${icon('alert')}
    <p>${word('authorRefused')}</p>
    ${dismiss}
  </div>`
}

function recoveryNotice({ act }: Notices): TemplateResult {
  return html`<section class="notice" aria-label=${word('recoveryTitle')}>
    ${icon('key')}
    <p>${word('recoveryOffer')}</p>
    <button type="button" @click=${() => act('recovery')}>${word('recoverySave')}</button>
    <button type="button" class="quiet" @click=${() => act('recovery-later')}>${word('recoveryLater')}</button>
  </section>`
}

function newcomerNotice(name: string, { act }: Notices): TemplateResult {
  return html`<section class="notice" aria-label=${word('yourName')}>
    ${icon('people')}
    <p>${word('appearAs', { name })}</p>
    <button type="button" @click=${() => act('rename')}>${word('changeName')}</button>
    <button type="button" class="quiet" @click=${() => act('keep-name')}>${word('keepName')}</button>
  </section>`
}

/** Lines under the top bar: what is wrong, what just happened, what one may want to do. None of them blocks. */
export function roomNotices(notices: Notices): TemplateResult {
  const wrong = stateProblem(notices.state)
  return html`<div class="notices">
    ${wrong ? problem(wrong) : nothing} ${mishapNotice(notices)}
    <div role="status">
      ${
        notices.rebuilt
          ? html`<div class="notice">
              ${icon('undo')}
              <p>${word('rebuilt')}</p>
              ${closeButton(() => notices.act('dismiss-rebuilt'))}
            </div>`
          : nothing
      }
    </div>
    ${notices.newcomerName === null ? nothing : newcomerNotice(notices.newcomerName, notices)}
    ${notices.offerRecovery ? recoveryNotice(notices) : nothing}
  </div>`
}
