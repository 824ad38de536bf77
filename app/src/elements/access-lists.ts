import type { KeyId } from '@parley/protocol'
import { html, nothing, type TemplateResult } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { cameBy, keyToRevoke, mayBeRevoked, waysBack } from '../access.ts'
import { DocumentMapController } from '../controllers/document-map-controller.ts'
import { INVITES_DOCUMENT, INVITES_MAP, type ListedInvite, listInvites } from '../invites.ts'
import type { Member, Room } from '../mesh-types.ts'
import { markedName, nameMarks } from '../name-marks.ts'
import { personText, problemOf, roleText, untilText } from '../state-text.ts'
import { type ProblemKind, word } from '../words.ts'
import type { ConfirmDialog, Question } from './confirm-dialog.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'
import { problem } from './problem.ts'

/** Who may get in and who has: the lists of invites and members, and taking back what they give. */
export class AccessLists extends LightElement {
  static override properties = {
    room: { attribute: false },
    /** Drawn again with every state of the room. */
    state: { attribute: false },
    revoking: { state: true },
    revokedName: { state: true },
    failure: { state: true },
  }
  declare room: Room
  declare state: Room['state']
  declare revoking: KeyId | null
  declare revokedName: string | null
  declare failure: ProblemKind | null
  readonly #invites = new DocumentMapController(this, INVITES_MAP)

  constructor() {
    super()
    this.forget()
  }

  /** What was said of earlier revocations. */
  forget(): void {
    this.revoking = null
    this.revokedName = null
    this.failure = null
  }

  list(key: KeyId, invite: Omit<ListedInvite, 'key'>): void {
    this.#invites.set(key, { ...invite, createdBy: this.room.self.key })
  }

  override willUpdate(): void {
    this.#invites.watch(this.room.document(INVITES_DOCUMENT))
  }

  override render(): TemplateResult {
    const invites = listInvites(this.#invites.entries())
    const members = this.room.members()
    const marks = nameMarks(members)
    return html`
      <div tabindex="-1" class="access-said">
        <p role="status">${this.#said()}</p>
        ${this.failure ? problem(this.failure) : nothing}
      </div>
      <section>
        <h3 id="invites-heading">${word('invites')}</h3>
        ${
          invites.length === 0
            ? html`<p class="hint">${word('noInvites')}</p>`
            : html`<ul class="access" aria-labelledby="invites-heading">
                ${repeat(
                  invites,
                  ({ key }) => key,
                  (invite) => this.#invite(invite),
                )}
              </ul>`
        }
      </section>
      <section>
        <h3 id="members-heading">${word('members')}</h3>
        <ul class="access" aria-labelledby="members-heading">
          ${repeat(
            members,
            ({ key }) => key,
            (member) => this.#member(member, markedName(member, marks) || unnamed(member)),
          )}
        </ul>
      </section>
      <confirm-dialog></confirm-dialog>
    `
  }

  #said(): string {
    if (this.revoking) return word('revoking')
    return this.revokedName === null ? '' : word('revokedDone', { name: this.revokedName })
  }

  #invite(invite: ListedInvite): TemplateResult {
    const { key, role, notAfterMs } = invite
    const revoked = this.room.isRevoked(key)
    const state = revoked
      ? html`<strong>${word('revoked')}</strong>`
      : notAfterMs <= Date.now()
        ? word('expired')
        : untilText(notAfterMs)
    return html`<li ?data-revoked=${revoked}>
      <span class="access-text">
        <bdi id="invite-${key}" class="access-name">${labelOf(invite)}</bdi>
        <span class="hint">${roleText(role)} · ${state}</span>
      </span>
      ${revoked ? nothing : this.#button(key, `invite-${key}`, () => this.#revokeInvite(invite))}
    </li>`
  }

  #member(member: Member, name: string): TemplateResult {
    const { key, role, notAfterMs, sighted } = member
    const isMachine = role === 'archivist'
    return html`<li>
      <span class="access-text">
        <bdi id="member-${key}" class="access-name"
          >${isMachine ? icon('archivist') : nothing}${personText(member, name)}</bdi
        >
        <span class="hint"
          >${isMachine ? word(sighted ? 'archivistHintSighted' : 'archivistHint') : roleText(role)} · ${untilText(notAfterMs)}</span
        >
      </span>
      ${mayBeRevoked(member) ? this.#button(key, `member-${key}`, () => this.#revokeMember(member, name)) : nothing}
    </li>`
  }

  #button(key: KeyId, describedBy: string, act: () => Promise<void>): TemplateResult | typeof nothing {
    if (this.room.self.role !== 'owner') return nothing
    return html`<button
      type="button"
      class="small"
      aria-describedby=${describedBy}
      ?disabled=${this.revoking !== null}
      @click=${() => void act()}
    >
      ${icon(this.revoking === key ? 'waiting' : 'revoke')}${word('revoke')}
    </button>`
  }

  async #revokeInvite(invite: ListedInvite): Promise<void> {
    const members = this.room.members()
    const marks = nameMarks(members)
    const joined = cameBy(invite.key, members)
    const names = joined.map((member) => markedName(member, marks) || word('nameless')).join(', ')
    const consent = await this.#ask({
      question: word('revokeInviteQuestion', { name: labelOf(invite) }),
      explained: word('revokeInviteExplained'),
      confirm: word('revokeInviteConfirm'),
      option: {
        label: word('keepJoined'),
        hint: joined.length > 0 ? word('keepJoinedNames', { names }) : word('keepJoinedNobody'),
        checked: true,
      },
    })
    if (!consent) return
    await this.#revoke(invite.key, labelOf(invite), async () => {
      // Read again: somebody may have come in while the question stood.
      const keep = consent.option ? cameBy(invite.key, this.room.members()).map(({ key }) => key) : []
      await this.room.revoke(invite.key, keep)
    })
  }

  async #revokeMember(member: Member, name: string): Promise<void> {
    const isLive = ({ key, notAfterMs }: ListedInvite): boolean =>
      notAfterMs > Date.now() && !this.room.isRevoked(key)
    const ways = waysBack(member, listInvites(this.#invites.entries()), isLive)
    const consent = await this.#ask({
      question: word('revokeMemberQuestion', { name }),
      explained: word('revokeMemberExplained'),
      confirm: word('revokeMemberConfirm'),
      ...(ways.length === 0
        ? {}
        : {
            option: {
              label: word('revokeTheirInvite', { names: ways.map(labelOf).join(', ') }),
              checked: true,
            },
          }),
    })
    if (!consent) return
    await this.#revoke(member.key, name, async () => {
      await this.room.revoke(keyToRevoke(member, this.room.members()))
      for (const { key } of consent.option ? ways : []) {
        await this.room.revoke(
          key,
          cameBy(key, this.room.members()).map((other) => other.key),
        )
      }
    })
  }

  async #ask(question: Question): ReturnType<ConfirmDialog['ask']> {
    return this.querySelector<ConfirmDialog>('confirm-dialog')?.ask(question) ?? null
  }

  async #revoke(key: KeyId, name: string, act: () => Promise<void>): Promise<void> {
    this.forget()
    this.revoking = key
    try {
      await act()
      this.revokedName = name
    } catch (error) {
      this.failure = problemOf(error)
    } finally {
      this.revoking = null
    }
    // The button is gone, and what happened is said there.
    await this.updateComplete
    this.querySelector<HTMLElement>('.access-said')?.focus()
  }
}

/** A machine seals no name. */
function unnamed({ role }: Member): string {
  return word(role === 'archivist' ? 'archivistName' : 'nameless')
}

function labelOf({ label }: ListedInvite): string {
  return label || word('unlabelled')
}
