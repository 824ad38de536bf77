import { html, type TemplateResult } from 'lit'
import { keyed } from 'lit/directives/keyed.js'
import { loadMesh } from '../mesh.ts'
import type { Room } from '../mesh-types.ts'
import { ProfileStore } from '../profile-store.ts'
import { RoomsList } from '../rooms-list.ts'
import { fragmentOf, type RoomRequest, type Route, routeOf } from '../route.ts'
import { supportProblem } from '../state-text.ts'
import { ThemeStore } from '../theme-store.ts'
import { type ProblemKind, word } from '../words.ts'
import { LightElement } from './light-element.ts'
import { problem } from './problem.ts'
import type { RoomScreen } from './room-screen.ts'

/** Chooses the screen by the address. */
export class ParleyApp extends LightElement {
  static override properties = { route: { state: true }, unsupported: { state: true } }
  declare route: Route
  declare unsupported: ProblemKind | null
  readonly #profile = new ProfileStore()
  readonly #theme = new ThemeStore()
  readonly #rooms = new RoomsList()
  #openRoomFragment: string | null = null
  /** Whether somebody came here from another screen, rather than by loading the page. */
  #hasMoved = false

  constructor() {
    super()
    this.route = routeOf(location.hash)
    this.unsupported = null
  }

  override connectedCallback(): void {
    super.connectedCallback()
    addEventListener('hashchange', this.#addressChanged)
    // Whatever keeps the mesh from loading is said when a room is opened.
    this.#checkSupport().catch(reportError)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    removeEventListener('hashchange', this.#addressChanged)
  }

  override render(): TemplateResult {
    return html`<button type="button" class="skip-link" @click=${this.#skip}>${word('skipToContent')}</button>
      ${this.unsupported === null ? this.#screen() : this.#sorry(this.unsupported)}`
  }

  #screen(): TemplateResult {
    if (this.route.name === 'home') {
      return html`<home-screen
        .rooms=${this.#rooms}
        .profile=${this.#profile}
        .theme=${this.#theme}
        @room-wanted=${(event: CustomEvent<RoomRequest>) => this.#enter(event.detail)}
      ></home-screen>`
    }
    const { request } = this.route
    // Another request is another room: nothing of the last one may stay.
    return html`${keyed(
      request,
      html`<room-screen
        .request=${request}
        .rooms=${this.#rooms}
        .profile=${this.#profile}
        .theme=${this.#theme}
        @room-wanted=${(event: CustomEvent<RoomRequest>) => this.#enter(event.detail)}
        @room-opened=${(event: CustomEvent<Room>) => this.#roomOpened(event.detail)}
      ></room-screen>`,
    )}`
  }

  #sorry(kind: ProblemKind): TemplateResult {
    return html`<main id="content" class="room-wait" tabindex="-1">
      <img src="/logo.svg" alt="" width="48" height="48" />
      <h1>Parley</h1>
      ${problem(kind)}
    </main>`
  }

  #enter(request: RoomRequest): void {
    if (request.kind === 'reopen') {
      location.hash = fragmentOf(request.roomId)
      return
    }
    // Going back leads home; what is to come replaces this entry.
    history.pushState(null, '', location.pathname + location.search + location.hash)
    this.#openRoomFragment = null
    this.#hasMoved = true
    this.route = { name: 'room', request }
  }

  /** The link is a bearer secret: it leaves the address bar as soon as it has served. */
  #roomOpened(room: Room): void {
    const fragment = fragmentOf(room.id)
    this.#openRoomFragment = fragment
    history.replaceState(null, '', location.pathname + location.search + fragment)
    void this.#arrive()
  }

  /** What had focus is gone with the other screen: a keyboard goes on where the room begins, unless a caret is there. */
  async #arrive(): Promise<void> {
    await this.querySelector<RoomScreen>('room-screen')?.updateComplete
    if (this.#hasMoved && document.activeElement === document.body) this.#skip()
  }

  readonly #addressChanged = (): void => {
    if (this.#openRoomFragment !== null && location.hash === this.#openRoomFragment) return
    this.#openRoomFragment = null
    this.#hasMoved = true
    this.route = routeOf(location.hash)
    void this.updateComplete.then(() => this.#skip())
  }

  #skip(): void {
    this.querySelector<HTMLElement>('#content')?.focus()
  }

  async #checkSupport(): Promise<void> {
    this.unsupported = supportProblem(await (await loadMesh()).checkSupport())
  }
}
