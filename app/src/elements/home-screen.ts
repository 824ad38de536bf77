import { html, nothing, type TemplateResult } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { RoomsListController } from '../controllers/rooms-list-controller.ts'
import { checkRoomLink } from '../link-check.ts'
import { loadMesh } from '../mesh.ts'
import type { ProfileStore } from '../profile-store.ts'
import type { KnownRoom, RoomsList } from '../rooms-list.ts'
import { fragmentOf, type RoomRequest } from '../route.ts'
import { problemOf, roleText } from '../state-text.ts'
import type { ThemeStore } from '../theme-store.ts'
import { agoText, type ProblemKind, type UiKey, word } from '../words.ts'
import type { ConfirmDialog } from './confirm-dialog.ts'
import type { FileDialog, FileUse } from './file-dialog.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'
import { problem } from './problem.ts'

/** Start a room, join one, go back to one. Fires `room-wanted` with a {@link RoomRequest}. */
export class HomeScreen extends LightElement {
  static override properties = {
    rooms: { attribute: false },
    profile: { attribute: false },
    theme: { attribute: false },
    linkFault: { state: true },
    removalProblem: { state: true },
    removedTitle: { state: true },
    dropping: { state: true },
  }
  declare rooms: RoomsList
  declare profile: ProfileStore
  declare theme: ThemeStore
  declare linkFault: UiKey | null
  declare removalProblem: ProblemKind | null
  declare removedTitle: string | null
  /** Whether a file is being held over the page. */
  declare dropping: boolean
  #list: RoomsListController | null = null

  constructor() {
    super()
    this.linkFault = null
    this.removalProblem = null
    this.removedTitle = null
    this.dropping = false
  }

  override connectedCallback(): void {
    this.#list ??= new RoomsListController(this, this.rooms)
    super.connectedCallback()
    document.title = 'Parley'
  }

  override render(): TemplateResult {
    return html`
      <header class="home-bar">
        <span class="brand"><img src="/logo.svg" alt="" width="28" height="28" />Parley</span>
        <theme-toggle .store=${this.theme}></theme-toggle>
      </header>
      <main
        id="content"
        class="home"
        tabindex="-1"
        @dragover=${this.#draggedOver}
        @dragleave=${this.#draggedOff}
        @drop=${this.#dropped}
      >
        <section class="hero">
          <h1>${word('tagline')}</h1>
          <p class="lead">${word('intro')}</p>
          <div class="ways-in">
            <div class="new-room">
              <button type="button" class="primary large" @click=${this.#create}>
                ${icon('plus')}${word('newRoom')}
              </button>
              ${this.#newRoomOptions()}
            </div>
            ${this.#joinForm()}
          </div>
          ${this.#fromFiles()}
        </section>
        <div class="home-columns">
          <section aria-labelledby="your-rooms">
            <h2 id="your-rooms">${word('yourRooms')}</h2>
            ${this.removalProblem ? problem(this.removalProblem) : nothing}
            <p class="hint" role="status">
              ${this.removedTitle === null ? nothing : word('removed', { title: this.removedTitle })}
            </p>
            ${this.#roomsList()}
          </section>
          <section class="card" aria-label=${word('yourName')}>
            <profile-form .store=${this.profile}></profile-form>
          </section>
        </div>
      </main>
      ${this.dropping ? html`<p class="drop-here">${icon('import')}${word('dropHere')}</p>` : nothing}
      <confirm-dialog></confirm-dialog>
      <file-dialog
        .profile=${this.profile}
        @room-wanted=${(event: CustomEvent<RoomRequest>) => this.#want(event.detail)}
      ></file-dialog>
    `
  }

  #newRoomOptions(): TemplateResult {
    return html`<details class="room-options">
      <summary>${word('newRoomOptions')}</summary>
      <label class="check">
        <input type="checkbox" class="relay-only" aria-describedby="relay-only-hint" />
        ${word('relayOnly')}
      </label>
      <p id="relay-only-hint" class="hint">${word('relayOnlyHint')}</p>
    </details>`
  }

  #create(): void {
    const relayOnly = this.querySelector<HTMLInputElement>('.relay-only')?.checked ?? false
    this.#want(relayOnly ? { kind: 'create', relayOnly } : { kind: 'create' })
  }

  #fromFiles(): TemplateResult {
    return html`<div class="from-files">
      <input type="file" class="import-file" accept=".parley,application/octet-stream" hidden @change=${this.#importChosen} />
      <button
        type="button"
        class="quiet"
        @click=${() => this.querySelector<HTMLInputElement>('.import-file')?.click()}
      >
        ${icon('import')}${word('importFile')}
      </button>
      <button type="button" class="quiet" @click=${() => this.#open('recover')}>
        ${icon('key')}${word('restoreRecovery')}
      </button>
    </div>`
  }

  #open(use: FileUse, file: File | null = null): void {
    this.querySelector<FileDialog>('file-dialog')?.show(use, file).catch(reportError)
  }

  #importChosen(event: Event): void {
    const input = event.target as HTMLInputElement
    const [file] = input.files ?? []
    input.value = ''
    if (file) this.#open('import', file)
  }

  #draggedOver(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    this.dropping = true
  }

  #draggedOff(event: DragEvent): void {
    const inside = event.relatedTarget instanceof Node && this.contains(event.relatedTarget)
    if (!inside) this.dropping = false
  }

  #dropped(event: DragEvent): void {
    this.dropping = false
    const [file] = event.dataTransfer?.files ?? []
    if (!file) return
    event.preventDefault()
    this.#open('import', file)
  }

  #joinForm(): TemplateResult {
    return html`<form class="join" @submit=${this.#join} novalidate>
      <label for="room-link">${word('roomLink')}</label>
      <div class="join-line">
        <input
          id="room-link"
          type="text"
          inputmode="url"
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
          dir="ltr"
          aria-invalid=${this.linkFault !== null}
          aria-describedby="room-link-hint"
          @input=${() => {
            this.linkFault = null
          }}
        />
        <button type="submit" class="large">${word('join')}</button>
      </div>
      <div id="room-link-hint">
        ${
          this.linkFault
            ? html`<p class="fault" role="alert">${icon('alert')}${word(this.linkFault)}</p>`
            : html`<p class="hint">${word('roomLinkHint')}</p>`
        }
      </div>
    </form>`
  }

  #roomsList(): TemplateResult {
    const list = this.#list
    if (!list || list.loading) return html`<p class="hint">${word('roomsLoading')}</p>`
    if (list.failed) return problem('storage-failed')
    if (list.rooms.length === 0) {
      return html`<div class="empty">
        ${icon('page')}
        <p><strong>${word('noRooms')}</strong></p>
        <p class="hint">${word('noRoomsHint')}</p>
      </div>`
    }
    return html`<ul class="rooms" aria-labelledby="your-rooms">
      ${repeat(
        list.rooms,
        (room) => room.roomId,
        (room) => this.#room(room),
      )}
    </ul>`
  }

  #room(room: KnownRoom): TemplateResult {
    const title = room.title || word('untitled')
    const opened = word('openedAt', { when: agoText(room.lastOpenedMs, Date.now()) })
    return html`<li>
      <a href=${fragmentOf(room.roomId)}>
        <span class="room-name">${title}</span>
        <span class="hint">${roleText(room.role)} · ${opened}</span>
      </a>
      <button
        type="button"
        class="icon-button"
        aria-label=${word('removeRoom', { title })}
        title=${word('removeRoom', { title })}
        @click=${() => void this.#remove(room, title)}
      >
        ${icon('remove')}
      </button>
    </li>`
  }

  #want(detail: RoomRequest): void {
    this.dispatchEvent(new CustomEvent('room-wanted', { detail }))
  }

  #join(event: SubmitEvent): void {
    event.preventDefault()
    const input = this.querySelector<HTMLInputElement>('#room-link')
    const check = checkRoomLink(input?.value ?? '')
    if (check.ok) {
      this.#want(check.request)
      return
    }
    this.linkFault = check.reason
    input?.focus()
  }

  async #remove(room: KnownRoom, title: string): Promise<void> {
    const confirmed = await this.querySelector<ConfirmDialog>('confirm-dialog')?.ask({
      question: word('removeQuestion', { title }),
      explained: word('removeExplained'),
      confirm: word('removeConfirm'),
    })
    if (!confirmed) return
    this.removalProblem = null
    try {
      await (await loadMesh()).removeRoom(room.roomId)
    } catch (error) {
      this.removalProblem = problemOf(error)
      return
    }
    this.#list?.forget(room)
    this.removedTitle = title
    this.querySelector<HTMLElement>('#content')?.focus()
  }
}
