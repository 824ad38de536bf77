import { html, type PropertyValues, type TemplateResult } from 'lit'
import { DocumentMapController } from '../controllers/document-map-controller.ts'
import { NoticesController } from '../controllers/notices-controller.ts'
import { RoomController } from '../controllers/room-controller.ts'
import { StoreController } from '../controllers/store-controller.ts'
import { onImport } from '../import-news.ts'
import { readSetting, writeSetting } from '../local-setting.ts'
import { loadMesh } from '../mesh.ts'
import type { Profile, Room, RoomEvent } from '../mesh-types.ts'
import { openOptions, tokenDesk } from '../open-options.ts'
import type { TokenFault } from '../operator-token.ts'
import type { StoredProfile } from '../profile.ts'
import type { ProfileStore } from '../profile-store.ts'
import { marksIn, toldOf } from '../room-events.ts'
import type { RoomsList } from '../rooms-list.ts'
import type { RoomRequest } from '../route.ts'
import { isShutOut, problemOf } from '../state-text.ts'
import type { ThemeStore } from '../theme-store.ts'
import { word } from '../words.ts'
import type { ExportDialog } from './export-dialog.ts'
import type { HistoryDialog } from './history-dialog.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'
import type { LiveRegion } from './live-region.ts'
import type { RecoveryDialog } from './recovery-dialog.ts'
import type { MenuItem } from './room-menu.ts'
import { type NoticeAction, type Notices, roomNotices } from './room-notices.ts'
import { roomFailed, roomOpening } from './room-wait.ts'
import type { ShareDialog } from './share-dialog.ts'

const FIRST_PAGE = 'content/main'
const ANNOUNCE_KEY = 'parley.announce'
/** Below it the drawer lies over the page, so it starts closed. */
const WIDE = '(min-width: 60rem)'

/** One room: composes the bar, the page, the drawer and the dialogs. Fires `room-opened` with the {@link Room}, `room-wanted` for a copy. */
export class RoomScreen extends LightElement {
  static override properties = {
    request: { attribute: false },
    rooms: { attribute: false },
    profile: { attribute: false },
    theme: { attribute: false },
    drawerOpen: { state: true },
    announcing: { state: true },
  }
  declare request: RoomRequest
  declare rooms: RoomsList
  declare profile: ProfileStore
  declare theme: ThemeStore
  declare drawerOpen: boolean
  declare announcing: boolean
  #shownProfile: StoreController<StoredProfile> | null = null
  readonly #token: StoreController<TokenFault | null> | null =
    tokenDesk && new StoreController(this, tokenDesk)
  #sentProfile: Profile | null = null
  #stopListening: () => void = () => undefined
  readonly #title = new DocumentMapController(this, 'room', () => this.#remember())
  readonly #notices = new NoticesController(this, (action) => this.#act(action))
  readonly #controller = new RoomController(this, {
    options: () => openOptions(this.profile.value),
    opened: (room) => this.#opened(room),
    event: (event) => this.#handleEvent(event),
  })

  constructor() {
    super()
    this.drawerOpen = matchMedia(WIDE).matches
    this.announcing = readSetting(ANNOUNCE_KEY) !== 'no'
  }

  override connectedCallback(): void {
    this.#shownProfile ??= new StoreController(this, this.profile)
    super.connectedCallback()
    document.title = 'Parley'
    this.#remember()
    this.#stopListening = onImport((roomId) => {
      if (roomId === this.#controller.room?.id) this.#notices.show({ imported: true })
    })
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#stopListening()
  }

  override willUpdate(changed: PropertyValues): void {
    if (changed.has('request')) this.#controller.request(this.request)
    const room = this.#controller.room
    const { name, color } = this.profile.value
    if (!room || (name === this.#sentProfile?.name && color === this.#sentProfile.color)) return
    this.#sentProfile = { name, color }
    room.setProfile({ name, color })
  }

  override render(): TemplateResult {
    const { phase } = this.#controller
    switch (phase.name) {
      case 'opening':
        return roomOpening(this.request.kind === 'create')
      case 'failed':
        return roomFailed(phase.problem, () => this.#controller.retry())
      case 'open':
        return this.#open(phase.room)
    }
  }

  #open(room: Room): TemplateResult {
    return html`
      <room-bar
        .roomTitle=${this.#titleText()}
        .titleWritable=${this.#title.writable && !isShutOut(room.state)}
        .state=${room.state}
        .drawerOpen=${this.drawerOpen}
        .theme=${this.theme}
        .menu=${this.#menu(room)}
        @title-typed=${(event: CustomEvent<string>) => this.#title.set('title', event.detail)}
        @share-wanted=${() => void this.querySelector<ShareDialog>('share-dialog')?.show()}
        @drawer-toggle=${() => this.#showDrawer(!this.drawerOpen)}
      ></room-bar>
      <div class="room-body" ?data-drawer=${this.drawerOpen} @keydown=${this.#keyPressed}>
        ${this.#pages()}
        <main
          id="content"
          class="page"
          tabindex="-1"
          @document-rebuilt=${() => this.#notices.show({ rebuilt: true })}
        >
          ${roomNotices(this.#noticesOf(room))}
          <document-page
            .handle=${room.document(FIRST_PAGE)}
            .locked=${isShutOut(room.state)}
            .focusAtOnce=${this.request.kind === 'create'}
          ></document-page>
        </main>
        ${this.#drawer(room)}
      </div>
      ${this.#dialogs(room)}
      <live-region></live-region>
    `
  }

  #dialogs(room: Room): TemplateResult {
    return html`<share-dialog .room=${room} .state=${room.state}></share-dialog>
      <recovery-dialog
        .room=${room}
        @recovery-saved=${() => this.#notices.show({ offerRecovery: false })}
      ></recovery-dialog>
      <export-dialog .room=${room} .roomTitle=${this.#titleText()}></export-dialog>
      <history-dialog
        .room=${room}
        .page=${FIRST_PAGE}
        @state-restored=${() => this.#notices.show({ said: 'restored' })}
      ></history-dialog>`
  }

  #menu(room: Room): readonly MenuItem[] {
    const items: MenuItem[] = []
    if (room.document(FIRST_PAGE).writable && !isShutOut(room.state)) {
      const act = () => void this.querySelector<HistoryDialog>('history-dialog')?.show()
      items.push({ label: 'earlierStates', icon: 'history', act })
    }
    const act = () => void this.querySelector<ExportDialog>('export-dialog')?.show()
    items.push({ label: 'exportRoom', icon: 'export', act })
    if (room.recoveryFile) items.push({ label: 'recoverySave', icon: 'key', act: () => this.#saveRecovery() })
    return items
  }

  async #copy(room: Room): Promise<void> {
    this.#notices.show({ copying: true })
    try {
      const copy = await (await loadMesh()).copyRoom(room, openOptions(this.profile.value))
      this.dispatchEvent(new CustomEvent('room-wanted', { detail: { kind: 'opened', room: copy } }))
    } catch (error) {
      this.#notices.tell({ problem: problemOf(error) })
    } finally {
      this.#notices.show({ copying: false })
    }
  }

  #pages(): TemplateResult {
    return html`<nav class="pages" aria-label=${word('pages')}>
      <h2 id="pages-heading">${word('pages')}</h2>
      <ul aria-labelledby="pages-heading">
        <li aria-current="page">${icon('page')}${word('document')}</li>
      </ul>
    </nav>`
  }

  #drawer(room: Room): TemplateResult {
    return html`<aside id="people-drawer" class="drawer" aria-label=${word('showPeople')} tabindex="-1" ?hidden=${!this.drawerOpen}>
      <people-drawer
        .people=${room.state.people}
        .marks=${marksIn(room)}
        .profile=${this.profile}
        .announcing=${this.announcing}
        .recoverable=${room.recoveryFile !== null && !this.#notices.offersRecovery}
        @drawer-close=${() => this.#showDrawer(false)}
        @announce-changed=${(event: CustomEvent<boolean>) => this.#announceChanged(event.detail)}
        @recovery-wanted=${() => this.#saveRecovery()}
      ></people-drawer>
    </aside>`
  }

  #noticesOf(room: Room): Notices {
    const { confirmed, name } = this.profile.value
    return this.#notices.of(room, {
      // With the drawer open, the field for the name is in sight.
      unconfirmedName: confirmed || this.drawerOpen ? null : name,
      tokenFault: this.#token?.value ?? null,
    })
  }

  #act(action: NoticeAction): void {
    const { room } = this.#controller
    if (action === 'recovery') this.#saveRecovery()
    else if (action === 'reopen') this.#controller.reopen()
    else if (action === 'copy' && room) void this.#copy(room)
    else if (action === 'rename') void this.#rename()
    else if (action === 'keep-name') this.profile.change({})
  }

  async #rename(): Promise<void> {
    this.drawerOpen = true
    await this.updateComplete
    const field = this.querySelector<HTMLInputElement>('#your-name')
    field?.focus()
    field?.select()
  }

  #saveRecovery(): void {
    void this.querySelector<RecoveryDialog>('recovery-dialog')?.show()
  }

  #showDrawer(open: boolean): void {
    this.drawerOpen = open
    const target = open ? '#people-drawer' : '.people-toggle'
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(target)?.focus())
  }

  #keyPressed(event: KeyboardEvent): void {
    const inDrawer = event.target instanceof Element && event.target.closest('.drawer') !== null
    if (event.key === 'Escape' && inDrawer) this.#showDrawer(false)
  }

  #announceChanged(announcing: boolean): void {
    this.announcing = announcing
    writeSetting(ANNOUNCE_KEY, announcing ? null : 'no')
  }

  #titleText(): string {
    const title = this.#title.get('title')
    return typeof title === 'string' ? title : ''
  }

  #opened(room: Room): void {
    this.#sentProfile = null
    this.#notices.startOver(this.request.kind === 'create')
    this.#title.watch(room.document('index'))
    this.#remember()
    this.dispatchEvent(new CustomEvent('room-opened', { detail: room }))
  }

  #remember(): void {
    const room = this.#controller.room
    if (!room) return
    const title = this.#titleText()
    document.title = `${title || word('untitled')} – Parley`
    this.rooms.remember({ roomId: room.id, title, role: room.self.role, lastOpenedMs: Date.now() })
  }

  #handleEvent(event: RoomEvent): void {
    const room = this.#controller.room
    const told = room && toldOf(event, room)
    if (!told) return
    if ('mishap' in told) this.#notices.tell(told.mishap)
    else if (this.announcing) this.querySelector<LiveRegion>('live-region')?.announce(told.announcement)
  }
}
