import { type Role, roleNarrows } from '@parley/protocol'
import { html, nothing, type TemplateResult } from 'lit'
import { type ExpiryOption, expiryOptions } from '../invite-expiry.ts'
import { LABEL_CHARACTERS } from '../invites.ts'
import { isLoopback } from '../loopback.ts'
import type { Invite, InviteOptions, Room } from '../mesh-types.ts'
import { isShutOut, problemOf, roleText, untilText } from '../state-text.ts'
import { counted, dateText, type ProblemKind, type UiKey, word } from '../words.ts'
import type { AccessLists } from './access-lists.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'
import { problem } from './problem.ts'

type OfferedRole = 'viewer' | 'editor'
const OFFERED: readonly { role: OfferedRole; name: UiKey; hint: UiKey }[] = [
  { role: 'viewer', name: 'canView', hint: 'canViewHint' },
  { role: 'editor', name: 'canEdit', hint: 'canEditHint' },
]
const COPIED_SHOWN_MS = 2_500

function expiryText({ days, notAfterMs }: ExpiryOption): string {
  if (days === null) return word('withMyAccess', { when: dateText(notAfterMs) })
  return counted('inOneDay', 'inDays', days)
}

function offeredTo(own: Role): typeof OFFERED {
  return OFFERED.filter(({ role }) => roleNarrows(own, role))
}

/** Invites people, and shows who may get in. */
export class ShareDialog extends LightElement {
  static override properties = {
    room: { attribute: false },
    state: { attribute: false },
    open: { state: true },
    role: { state: true },
    invite: { state: true },
    busy: { state: true },
    copy: { state: true },
    failure: { state: true },
  }
  declare room: Room
  declare state: Room['state']
  declare open: boolean
  declare role: OfferedRole
  declare invite: Invite | null
  declare busy: boolean
  declare copy: 'idle' | 'copied' | 'failed'
  declare failure: ProblemKind | null
  #expiries: readonly ExpiryOption[] = []

  constructor() {
    super()
    this.role = 'viewer'
    this.#forget()
  }

  /** Native modal dialogs keep focus inside, close on Escape and give focus back. */
  async show(): Promise<void> {
    this.#forget()
    this.#clear()
    this.open = true
    this.#expiries = expiryOptions(Date.now(), this.room.self.notAfterMs)
    await this.updateComplete
    this.querySelector('dialog')?.showModal()
  }

  /** What was typed for the last invite, and the rights it gave, are no start for the next. */
  #clear(): void {
    this.role = 'viewer'
    const label = this.querySelector<HTMLInputElement>('#invite-label')
    const others = this.querySelector<HTMLInputElement>('input[name="others"]')
    if (label) label.value = ''
    if (others) others.checked = false
  }

  #forget(): void {
    this.open = false
    this.invite = null
    this.busy = false
    this.copy = 'idle'
    this.failure = null
  }

  override render(): TemplateResult {
    return html`<dialog class="share" aria-label=${word('share')} @close=${this.#forget} @click=${this.#backdrop}>
      <div class="dialog-head">
        <h2>${word('share')}</h2>
        <form method="dialog">
          <button class="icon-button" aria-label=${word('close')}>${icon('close')}</button>
        </form>
      </div>
      <div class="dialog-body">
        ${this.#mayInvite ? this.#form() : html`<p>${word('mayNotInvite')}</p>`}
        ${this.failure ? problem(this.failure) : nothing} ${this.invite ? this.#made(this.invite) : nothing}
        ${this.open ? html`<keep-copy class="keep-copy" detailed .room=${this.room} .state=${this.state}></keep-copy>` : nothing}
        ${this.open ? html`<access-lists .room=${this.room} .state=${this.state}></access-lists>` : nothing}
      </div>
    </dialog>`
  }

  get #mayInvite(): boolean {
    return this.room.self.may === 'invite' && !isShutOut(this.state)
  }

  #form(): TemplateResult {
    return html`<form class="invite-form" @submit=${this.#create}>
      <fieldset class="roles">
        <legend>${word('shareRole')}</legend>
        ${offeredTo(this.room.self.role).map(({ role, name, hint }) => this.#radio(role, name, hint))}
      </fieldset>
      <div class="invite-fields">
        <div class="field">
          <label for="invite-expires">${word('expires')}</label>
          <select id="invite-expires" name="expires">
            ${this.#expiries.map(
              (option, index) =>
                html`<option value=${index} ?selected=${index === this.#expiries.length - 1}>
                  ${expiryText(option)}
                </option>`,
            )}
          </select>
        </div>
        <div class="field">
          <label for="invite-label">${word('label')}</label>
          <input id="invite-label" name="label" type="text" maxlength=${LABEL_CHARACTERS} autocomplete="off"
            aria-describedby="invite-label-hint" />
          <p id="invite-label-hint" class="hint">${word('labelHint')}</p>
        </div>
      </div>
      ${
        this.room.self.role === 'owner'
          ? html`<label class="check"><input type="checkbox" name="others" />${word('inviteOthers')}</label>`
          : nothing
      }
      <button type="submit" class=${this.invite ? '' : 'primary'} ?disabled=${this.busy}>
        ${word(this.busy ? 'creatingInvite' : 'createInvite')}
      </button>
    </form>`
  }

  #radio(role: OfferedRole, name: UiKey, hint: UiKey): TemplateResult {
    return html`<div class="role-choice">
      <input
        type="radio"
        id="role-${role}"
        name="role"
        value=${role}
        aria-describedby="role-${role}-hint"
        ?autofocus=${role === 'viewer'}
        .checked=${this.role === role}
        @change=${() => {
          this.role = role
        }}
      />
      <label for="role-${role}">${word(name)}</label>
      <p id="role-${role}-hint" class="hint">${word(hint)}</p>
    </div>`
  }

  #made({ link, role, notAfterMs }: Invite): TemplateResult {
    return html`<section class="invite-made">
      <div class="field">
          <label for="invite-link">${word('inviteLink')}</label>
          <div class="join-line">
            <input id="invite-link" type="text" readonly dir="ltr" .value=${link}
              @focus=${(event: FocusEvent) => (event.target as HTMLInputElement).select()} />
            <button type="button" class="primary" @click=${() => void this.#copyLink(link)}>
              ${icon(this.copy === 'copied' ? 'check' : 'copy')}${word('copyLink')}
            </button>
          </div>
        </div>
      <div class="invite-made-text">
        <p class="hint" role="status">${this.#copyText()}</p>
        <p class="hint">${roleText(role)} · ${untilText(notAfterMs)}</p>
        <p class="warning">${icon('key')}<span>${word('bearer')}</span></p>
        ${
          isLoopback(location.hostname)
            ? html`<p class="warning">
                ${icon('alert')}<span>${word('loopback', { host: location.host })}</span>
              </p>`
            : nothing
        }
      </div>
      <qr-code .text=${link}></qr-code>
    </section>`
  }

  #copyText(): string {
    if (this.copy === 'idle') return ''
    return word(this.copy === 'copied' ? 'copied' : 'copyFailed')
  }

  #backdrop(event: MouseEvent): void {
    if (event.target === event.currentTarget) (event.currentTarget as HTMLDialogElement).close()
  }

  async #create(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = new FormData(event.target as HTMLFormElement)
    const expiry = this.#expiries[Number(form.get('expires'))]
    if (this.busy || !expiry) return
    const options: InviteOptions = {
      role: this.role,
      notAfterMs: expiry.notAfterMs,
      may: form.has('others') ? 'invite' : 'own-devices',
    }
    this.busy = true
    this.failure = null
    try {
      await this.#createAndList(options, String(form.get('label') ?? '').trim())
    } catch (error) {
      this.failure = problemOf(error)
    } finally {
      this.busy = false
    }
  }

  async #createAndList(options: InviteOptions, label: string): Promise<void> {
    const invite = await this.room.createInvite(location.origin + location.pathname, options)
    const { role, notAfterMs } = invite
    this.querySelector<AccessLists>('access-lists')?.list(invite.key, { label, role, notAfterMs })
    this.invite = invite
    this.copy = 'idle'
    await this.updateComplete
    this.querySelector<HTMLElement>('.invite-made')?.scrollIntoView({ block: 'nearest' })
    this.querySelector<HTMLElement>('.invite-made button')?.focus()
  }

  async #copyLink(link: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(link)
      this.copy = 'copied'
      setTimeout(() => {
        if (this.copy === 'copied') this.copy = 'idle'
      }, COPIED_SHOWN_MS)
    } catch {
      // Denied, or no clipboard outside secure contexts: the person is told to copy by hand.
      this.copy = 'failed'
      this.querySelector<HTMLInputElement>('#invite-link')?.select()
    }
  }
}
