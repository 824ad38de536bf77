import { html, nothing, type TemplateResult } from 'lit'
import type { RoomState } from '../mesh-types.ts'
import { stateProblem } from '../state-text.ts'
import { type ProblemKind, word } from '../words.ts'
import { icon } from './icon.ts'
import { problem } from './problem.ts'

/** A kind of problem, or a sentence of its own. */
export type Mishap = { readonly problem: ProblemKind } | { readonly text: string }

const MISHAPS_SHOWN = 3

/** The same is told once; of many, the latest. */
export function addMishap(mishaps: readonly Mishap[], mishap: Mishap): readonly Mishap[] {
  const same = (one: Mishap): boolean => JSON.stringify(one) === JSON.stringify(mishap)
  return mishaps.some(same) ? mishaps : [...mishaps, mishap].slice(-MISHAPS_SHOWN)
}

export interface Notices {
  readonly state: RoomState
  /** What went wrong once; stays until dismissed. */
  readonly mishaps: readonly Mishap[]
  readonly rebuilt: boolean
  readonly offerRecovery: boolean
  readonly newcomerName: string | null
  readonly dismiss: (mishap: Mishap) => void
  readonly act: (action: 'dismiss-rebuilt' | 'recovery' | 'recovery-later' | 'rename' | 'keep-name') => void
}

function closeButton(act: () => void): TemplateResult {
  return html`<button type="button" class="icon-button" aria-label=${word('dismiss')} @click=${act}>
    ${icon('close')}
  </button>`
}

function mishapNotice(mishap: Mishap, { dismiss }: Notices): TemplateResult {
  const button = closeButton(() => dismiss(mishap))
  if ('problem' in mishap) return problem(mishap.problem, button)
  return html`<div class="notice notice-problem" role="alert">
    ${icon('alert')}
    <p>${mishap.text}</p>
    ${button}
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
    ${wrong ? problem(wrong) : nothing} ${notices.mishaps.map((mishap) => mishapNotice(mishap, notices))}
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
