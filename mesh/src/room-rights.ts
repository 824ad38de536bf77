/** Who has a right to be here now, this device included, and the end of the links of whoever has none any more. */
import { CLOSE, type KeyId, type Standing } from '@parley/protocol'
import type { AuthorBook } from './journal/author-book.ts'
import type { RoomLinks } from './room-links.ts'
import type { RoomStanding } from './room-standing.ts'

export interface RightsDeps {
  readonly self: KeyId
  readonly nowMs: () => number
  readonly authors: AuthorBook
  readonly standing: Pick<RoomStanding, 'isVoid'>
  readonly links: Pick<RoomLinks, 'all'>
}

export interface RightsEvents {
  /** This device's own grant does not stand any more; told once. */
  revoked(): void
  /** Links without a right have been closed. */
  changed(): void
}

export class RoomRights {
  readonly #deps: RightsDeps
  readonly #events: RightsEvents
  #isRevoked = false

  constructor(deps: RightsDeps, events: RightsEvents) {
    this.#deps = deps
    this.#events = events
  }

  /** Whether this device's own grant was revoked. */
  get isRevoked(): boolean {
    return this.#isRevoked
  }

  /** All that give a key a right now. */
  standingsOf(key: KeyId): readonly Standing[] {
    const { authors, standing, nowMs } = this.#deps
    const now = nowMs()
    return authors.standingsOf(key).filter((one) => !standing.isVoid(one) && one.notAfterMs >= now)
  }

  /** Whether a key's grant is neither void nor ended. */
  hasRight(key: KeyId): boolean {
    return this.standingsOf(key).length > 0
  }

  isArchivist(key: KeyId): boolean {
    return this.#deps.authors.validStandingOf(key)?.role === 'archivist' && this.hasRight(key)
  }

  /** Once in a while: links of whoever's grant has ended meanwhile. */
  endExpired(): void {
    if ([...this.#deps.links.all].some((live) => !this.hasRight(live.key))) this.handleChanged()
  }

  /** Somebody may have lost the right to be here. */
  handleChanged(): void {
    const { authors, links, self } = this.#deps
    for (const live of [...links.all]) {
      if (!authors.validStandingOf(live.key)) live.link.close(CLOSE.revoked, 'revoked')
      else if (!this.hasRight(live.key)) live.link.close(CLOSE.notProven, 'the grant has ended')
    }
    if (!this.#isRevoked && authors.standingOf(self) && !authors.validStandingOf(self)) {
      this.#isRevoked = true
      this.#events.revoked()
    }
    this.#events.changed()
  }
}
