import type { CloseReason, KeyId } from '@parley/protocol'
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit'
import { DocumentMapController } from '../controllers/document-map-controller.ts'
import { RoomController } from '../controllers/room-controller.ts'
import { StoreController } from '../controllers/store-controller.ts'
import { readSetting, writeSetting } from '../local-setting.ts'
import { loadMesh, ownSignaling } from '../mesh.ts'
import type { Profile, Room, RoomEvent } from '../mesh-types.ts'
import { markedName, nameMarks } from '../name-marks.ts'
import type { StoredProfile } from '../profile.ts'
import type { ProfileStore } from '../profile-store.ts'
import type { RoomsList } from '../rooms-list.ts'
import type { RoomRequest } from '../route.ts'
import { isShutOut, problemOf } from '../state-text.ts'
import type { ThemeStore } from '../theme-store.ts'
import { type ProblemKind, type UiKey, word } from '../words.ts'
import type { ExportDialog } from './export-dialog.ts'
import type { HistoryDialog } from './history-dialog.ts'
import { icon } from './icon.ts'
import { mayAskToKeep } from './keep-copy.ts'
import { LightElement } from './light-element.ts'
import type { LiveRegion } from './live-region.ts'
import { problem } from './problem.ts'
import type { RecoveryDialog } from './recovery-dialog.ts'
import type { MenuItem } from './room-menu.ts'
import { addMishap, type Mishap, type Notices, roomNotices } from './room-notices.ts'
import type { ShareDialog } from './share-dialog.ts'

const FIRST_PAGE = 'content/main'
const ANNOUNCE_KEY = 'parley.announce'
/** Below it the drawer lies over the page, so it starts closed. */
const WIDE = '(min-width: 60rem)'

/** The same again may end otherwise; a damaged link stays damaged. */
const WORTH_RETRYING: ReadonlySet<ProblemKind> = new Set(['storage-failed', 'closed', 'unexpected'])

const TURNED_AWAY: Mishap = { problem: 'turned-away' }

/** One room: composes the bar, the page, the drawer and the dialogs. Fires `room-opened` with the {@link Room}, `room-wanted` for a copy. */
export class RoomScreen extends LightElement {
  static override properties = {
    request: { attribute: false },
    rooms: { attribute: false },
    profile: { attribute: false },
    theme: { attribute: false },
    drawerOpen: { state: true },
    announcing: { state: true },
    mishaps: { state: true },
    rebuilt: { state: true },
    offerRecovery: { state: true },
    copying: { state: true },
    said: { state: true },
    offerKeep: { state: true },
  }
  declare request: RoomRequest
  declare rooms: RoomsList
  declare profile: ProfileStore
  declare theme: ThemeStore
  declare drawerOpen: boolean
  declare announcing: boolean
  declare mishaps: readonly Mishap[]
  declare rebuilt: boolean
  declare offerRecovery: boolean
  declare copying: boolean
  /** What was just done, for everybody to see and hear. */
  declare said: UiKey | null
  declare offerKeep: boolean
  #keepOffered = false
  #shownProfile: StoreController<StoredProfile> | null = null
  #sentProfile: Profile | null = null
  readonly #title = new DocumentMapController(this, 'room', () => this.#remember())
  readonly #controller = new RoomController(this, {
    options: () => ({ signaling: ownSignaling(location), profile: this.#profileNow() }),
    opened: (room) => this.#opened(room),
    event: (event) => this.#handleEvent(event),
  })

  constructor() {
    super()
    this.drawerOpen = matchMedia(WIDE).matches
    this.announcing = readSetting(ANNOUNCE_KEY) !== 'no'
    this.mishaps = []
    this.rebuilt = false
    this.copying = false
    this.said = null
    this.offerRecovery = false
    this.offerKeep = false
  }

  override connectedCallback(): void {
    this.#shownProfile ??= new StoreController(this, this.profile)
    super.connectedCallback()
  }

  override willUpdate(changed: PropertyValues): void {
    if (changed.has('request')) this.#controller.request(this.request)
    const room = this.#controller.room
    const profile = this.#profileNow()
    if (!room || (profile.name === this.#sentProfile?.name && profile.color === this.#sentProfile.color))
      return
    this.#sentProfile = profile
    room.setProfile(profile)
  }

  override render(): TemplateResult {
    const { phase } = this.#controller
    switch (phase.name) {
      case 'opening':
        return this.#opening()
      case 'failed':
        return this.#failed(phase.problem)
      case 'open':
        return this.#open(phase.room)
    }
  }

  #opening(): TemplateResult {
    return html`<main id="content" class="room-wait" tabindex="-1">
      <img src="/logo.svg" alt="" width="48" height="48" class="pulse" />
      <p role="status">${word(this.request.kind === 'create' ? 'creating' : 'opening')}</p>
    </main>`
  }

  #failed(kind: ProblemKind): TemplateResult {
    return html`<main id="content" class="room-wait" tabindex="-1">
      <img src="/logo.svg" alt="" width="48" height="48" />
      ${problem(kind)}
      <p class="dialog-buttons">
        <a class="button" href="#">${word('backHome')}</a>
        ${
          WORTH_RETRYING.has(kind)
            ? html`<button type="button" class="primary" @click=${() => this.#controller.retry()}>
                ${word('retry')}
              </button>`
            : nothing
        }
      </p>
    </main>`
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
        <main id="content" class="page" tabindex="-1" @document-rebuilt=${this.#documentRebuilt}>
          ${roomNotices(this.#notices(room))}
          <document-page
            .handle=${room.document(FIRST_PAGE)}
            .locked=${isShutOut(room.state)}
            .focusAtOnce=${this.request.kind === 'create'}
          ></document-page>
        </main>
        ${this.#drawer(room)}
      </div>
      <share-dialog .room=${room} .state=${room.state}></share-dialog>
      <recovery-dialog
        .room=${room}
        @recovery-saved=${() => {
          this.offerRecovery = false
        }}
      ></recovery-dialog>
      <export-dialog .room=${room} .roomTitle=${this.#titleText()}></export-dialog>
      <history-dialog
        .room=${room}
        .page=${FIRST_PAGE}
        @state-restored=${() => {
          this.said = 'restored'
        }}
      ></history-dialog>
      <live-region></live-region>
    `
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
    this.copying = true
    try {
      const options = { signaling: ownSignaling(location), profile: this.#profileNow() }
      const copy = await (await loadMesh()).copyRoom(room, options)
      this.dispatchEvent(new CustomEvent('room-wanted', { detail: { kind: 'opened', room: copy } }))
    } catch (error) {
      this.#tell({ problem: problemOf(error) })
    } finally {
      this.copying = false
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
        .marks=${this.#marks(room)}
        .profile=${this.profile}
        .announcing=${this.announcing}
        .recoverable=${room.recoveryFile !== null && !this.offerRecovery}
        @drawer-close=${() => this.#showDrawer(false)}
        @announce-changed=${(event: CustomEvent<boolean>) => this.#announceChanged(event.detail)}
        @recovery-wanted=${() => this.#saveRecovery()}
      ></people-drawer>
    </aside>`
  }

  #notices(room: Room): Notices {
    // With the drawer open, the field for the name is in sight.
    const isMember = room.state.connection.name !== 'detached'
    const asksName = isMember && !this.profile.value.confirmed && !this.drawerOpen
    return {
      state: room.state,
      // What a state says in full is not said twice.
      mishaps: isShutOut(room.state) ? this.mishaps.filter((each) => each !== TURNED_AWAY) : this.mishaps,
      rebuilt: this.rebuilt && !isShutOut(room.state),
      // One thing at a time.
      offerRecovery: this.offerRecovery && !asksName && room.recoveryFile !== null,
      offerKeep: this.#offersKeep(room) && !asksName && !this.offerRecovery ? room : null,
      copy: isMember ? 'none' : this.copying ? 'under-way' : 'offered',
      said: this.said,
      newcomerName: asksName ? this.profile.value.name : null,
      dismiss: (mishap) => {
        this.mishaps = this.mishaps.filter((each) => each !== mishap)
      },
      act: (action) => this.#act(action),
    }
  }

  #act(action: Parameters<Notices['act']>[0]): void {
    switch (action) {
      case 'dismiss-rebuilt':
        this.rebuilt = false
        return
      case 'recovery':
        this.#saveRecovery()
        return
      case 'keep-later':
        this.offerKeep = false
        return
      case 'recovery-later':
        this.offerRecovery = false
        return
      case 'dismiss-said':
        this.said = null
        return
      case 'copy':
        if (this.#controller.room) void this.#copy(this.#controller.room)
        return
      case 'rename':
        void this.#rename()
        return
      case 'keep-name':
        this.profile.change({})
        return
    }
  }

  /** Once shown it stays, so that it can say how asking went. */
  #offersKeep(room: Room): boolean {
    this.#keepOffered ||= mayAskToKeep(room)
    return this.offerKeep && this.#keepOffered
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

  #documentRebuilt(): void {
    this.rebuilt = true
  }

  #announceChanged(announcing: boolean): void {
    this.announcing = announcing
    writeSetting(ANNOUNCE_KEY, announcing ? null : 'no')
  }

  #profileNow(): Profile {
    const { name, color } = this.profile.value
    return { name, color }
  }

  #titleText(): string {
    const title = this.#title.get('title')
    return typeof title === 'string' ? title : ''
  }

  #opened(room: Room): void {
    this.#sentProfile = null
    this.said = null
    this.offerRecovery = this.request.kind === 'create'
    this.offerKeep = this.request.kind === 'create'
    this.#keepOffered = false
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
    switch (event.type) {
      case 'error':
        return this.#tell({ problem: event.error.kind })
      case 'author-refused':
        return this.#tell({ text: word('authorRefused') })
      case 'equivocation':
        return this.#tellOwner(event)
      case 'archivist-rolled-back':
        return this.#tell({ text: word('archivistRolledBack') })
      case 'link-closed':
        return this.#linkClosed(event.reason)
      case 'joined':
      case 'left':
        return this.#announce(
          word(event.type === 'joined' ? 'personJoined' : 'personLeft', this.#named(event)),
        )
      case 'revoked':
        // The state says so for as long as it is so.
        return
    }
  }

  #tell(mishap: Mishap): void {
    this.mishaps = addMishap(this.mishaps, mishap)
  }

  /** The key says who it was; others may have the name. */
  #tellOwner({ author, name }: Extract<RoomEvent, { type: 'equivocation' }>): void {
    if (this.#controller.room?.self.role !== 'owner') return
    const who = markedName(
      { key: author, name: name || word('nameless') },
      new Map([[author, author.slice(0, 4)]]),
    )
    this.#tell({ text: word('equivocation', { name: who }) })
  }

  /** One person may lie about what others decided: it counts while nobody else lets this device in. */
  #linkClosed(reason: CloseReason): void {
    if (reason !== 'revoked' || this.#controller.room?.state.connection.name === 'connected') return
    this.#tell(TURNED_AWAY)
  }

  #announce(text: string): void {
    if (this.announcing) this.querySelector<LiveRegion>('live-region')?.announce(text)
  }

  #named({ person }: Extract<RoomEvent, { type: 'joined' | 'left' }>): { name: string } {
    const room = this.#controller.room
    return { name: room ? markedName(person, this.#marks(room)) : person.name }
  }

  /** Those who are not here now count as well: somebody else may have come under their name. */
  #marks(room: Room): ReadonlyMap<KeyId, string> {
    return nameMarks([...room.state.people, ...room.members()].filter(({ name }) => name !== ''))
  }
}
