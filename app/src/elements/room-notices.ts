import { html, nothing, type TemplateResult } from 'lit'
import type { Room, RoomState } from '../mesh-types.ts'
import type { TokenFault } from '../operator-token.ts'
import type { Mishap } from '../room-events.ts'
import { receivedPercent, receivingText, stateProblem } from '../state-text.ts'
import { type UiKey, word } from '../words.ts'
import { icon } from './icon.ts'
import { problem } from './problem.ts'

export type NoticeAction =
  | 'dismiss-rebuilt'
  | 'dismiss-imported'
  | 'dismiss-said'
  | 'reopen'
  | 'copy'
  | 'keep-later'
  | 'recovery'
  | 'recovery-later'
  | 'rename'
  | 'keep-name'

export interface Notices {
  readonly state: RoomState
  /** Why signaling cannot be asked to let this person in. */
  readonly tokenFault: TokenFault | null
  /** What went wrong once; stays until dismissed. */
  readonly mishaps: readonly Mishap[]
  readonly rebuilt: boolean
  /** Another window stored more of this room. */
  readonly imported: boolean
  readonly offerRecovery: boolean
  /** The room, while its owner is offered to have the server keep it. */
  readonly offerKeep: Room | null
  readonly newcomerName: string | null
  /** Of a copy from a file: going on in a new room. */
  readonly copy: 'none' | 'offered' | 'under-way'
  /** What was just done. */
  readonly said: UiKey | null
  readonly dismiss: (mishap: Mishap) => void
  readonly act: (action: NoticeAction) => void
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

function tokenNotice(fault: TokenFault): TemplateResult {
  const reload = html`<button type="button" @click=${() => location.reload()}>${word('reload')}</button>`
  return problem(fault, fault === 'signed-out' ? reload : nothing)
}

function importedNotice({ act }: Notices): TemplateResult {
  return html`<div class="notice">
    ${icon('import')}
    <p>${word('importedElsewhere')}</p>
    <button type="button" @click=${() => act('reopen')}>${word('openAgain')}</button>
    ${closeButton(() => act('dismiss-imported'))}
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

function keepNotice(room: Room, { state, act }: Notices): TemplateResult {
  return html`<section class="notice" aria-label=${word('keepOnServer')}>
    ${icon('archivist')}
    <keep-copy class="keep-copy" .room=${room} .state=${state}></keep-copy>
    <button type="button" class="quiet" @click=${() => act('keep-later')}>
      ${word(state.save.archivist === 'none' ? 'keepLater' : 'dismiss')}
    </button>
  </section>`
}

function receivingNotice(sync: NonNullable<RoomState['sync']>): TemplateResult {
  return html`<div class="notice">
    ${icon('waiting')}
    <p id="receiving">${receivingText(sync)}</p>
    <progress aria-labelledby="receiving" max="100" .value=${receivedPercent(sync)}></progress>
  </div>`
}

function newcomerNotice(name: string, { act }: Notices): TemplateResult {
  return html`<section class="notice" aria-label=${word('yourName')}>
    ${icon('people')}
    <p>${word('appearAs', { name })}</p>
    <button type="button" @click=${() => act('rename')}>${word('changeName')}</button>
    <button type="button" class="quiet" @click=${() => act('keep-name')}>${word('keepName')}</button>
  </section>`
}

function copyNotice({ copy, act }: Notices): TemplateResult {
  return html`<section class="notice" aria-label=${word('detached')}>
    ${icon('page')}
    <p>${word('copyNotice')}</p>
    <button type="button" class="primary" ?disabled=${copy === 'under-way'} @click=${() => act('copy')}>
      ${word(copy === 'under-way' ? 'copying' : 'copyAsNew')}
    </button>
  </section>`
}

function saidNotice(said: UiKey, { act }: Notices): TemplateResult {
  return html`<div class="notice">
    ${icon('check')}
    <p>${word(said)}</p>
    ${closeButton(() => act('dismiss-said'))}
  </div>`
}

/** Lines under the top bar: what is wrong, what just happened, what one may want to do. None of them blocks. */
export function roomNotices(notices: Notices): TemplateResult {
  const wrong = stateProblem(notices.state)
  return html`<div class="notices">
    ${wrong ? problem(wrong) : nothing} ${notices.tokenFault ? tokenNotice(notices.tokenFault) : nothing}
    ${notices.mishaps.map((mishap) => mishapNotice(mishap, notices))}
    ${notices.state.sync ? receivingNotice(notices.state.sync) : nothing}
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
      ${notices.imported ? importedNotice(notices) : nothing}
      ${notices.said ? saidNotice(notices.said, notices) : nothing}
    </div>
    ${notices.copy === 'none' ? nothing : copyNotice(notices)}
    ${notices.newcomerName === null ? nothing : newcomerNotice(notices.newcomerName, notices)}
    ${notices.offerRecovery ? recoveryNotice(notices) : nothing}
    ${notices.offerKeep ? keepNotice(notices.offerKeep, notices) : nothing}
  </div>`
}
