import type { ReactiveControllerHost } from 'lit'
import { mayAskToKeep } from '../elements/keep-copy.ts'
import type { NoticeAction, Notices } from '../elements/room-notices.ts'
import type { Room } from '../mesh-types.ts'
import type { TokenFault } from '../operator-token.ts'
import { addMishap, type Mishap, TURNED_AWAY } from '../room-events.ts'
import { isShutOut } from '../state-text.ts'
import type { UiKey } from '../words.ts'

/** What the room's screen knows besides. */
export interface NoticeFacts {
  /** The name that others see, while nobody has confirmed it and its field is out of sight. */
  readonly unconfirmedName: string | null
  readonly tokenFault: TokenFault | null
}

interface Shown {
  readonly mishaps: readonly Mishap[]
  readonly rebuilt: boolean
  readonly imported: boolean
  readonly offerRecovery: boolean
  readonly offerKeep: boolean
  readonly copying: boolean
  readonly said: UiKey | null
}

const NOTHING: Shown = {
  mishaps: [],
  rebuilt: false,
  imported: false,
  offerRecovery: false,
  offerKeep: false,
  copying: false,
  said: null,
}

/** What happened once and what is offered, until it is dismissed or the room is another one. */
export class NoticesController {
  readonly #host: ReactiveControllerHost
  readonly #act: (action: NoticeAction) => void
  #shown: Shown = NOTHING
  #keepOffered = false

  constructor(host: ReactiveControllerHost, act: (action: NoticeAction) => void) {
    this.#host = host
    this.#act = act
  }

  get offersRecovery(): boolean {
    return this.#shown.offerRecovery
  }

  /** A room was opened; one that was just made is worth keeping. Mishaps of opening it stay. */
  startOver(made: boolean): void {
    this.#keepOffered = false
    this.show({ ...NOTHING, mishaps: this.#shown.mishaps, offerRecovery: made, offerKeep: made })
  }

  show(part: Partial<Shown>): void {
    this.#shown = { ...this.#shown, ...part }
    this.#host.requestUpdate()
  }

  tell(mishap: Mishap): void {
    this.show({ mishaps: addMishap(this.#shown.mishaps, mishap) })
  }

  of(room: Room, { unconfirmedName, tokenFault }: NoticeFacts): Notices {
    const { rebuilt, imported, offerRecovery, copying, said } = this.#shown
    const isMember = room.state.connection.name !== 'detached'
    const asksName = isMember && unconfirmedName !== null
    const shutOut = isShutOut(room.state)
    return {
      state: room.state,
      tokenFault,
      mishaps: this.#mishaps(shutOut),
      rebuilt: rebuilt && !shutOut,
      imported,
      // One thing at a time.
      offerRecovery: offerRecovery && !asksName && room.recoveryFile !== null,
      offerKeep: this.#offersKeep(room) && !asksName && !offerRecovery ? room : null,
      copy: isMember ? 'none' : copying ? 'under-way' : 'offered',
      said,
      newcomerName: asksName ? unconfirmedName : null,
      dismiss: (mishap) => this.show({ mishaps: this.#shown.mishaps.filter((each) => each !== mishap) }),
      act: (action) => this.#handle(action),
    }
  }

  /** What a state says in full is not said twice. */
  #mishaps(shutOut: boolean): readonly Mishap[] {
    const { mishaps } = this.#shown
    return shutOut ? mishaps.filter((each) => each !== TURNED_AWAY) : mishaps
  }

  /** Once shown it stays, so that it can say how asking went. */
  #offersKeep(room: Room): boolean {
    this.#keepOffered ||= mayAskToKeep(room)
    return this.#shown.offerKeep && this.#keepOffered
  }

  #handle(action: NoticeAction): void {
    switch (action) {
      case 'dismiss-rebuilt':
        return this.show({ rebuilt: false })
      case 'dismiss-imported':
        return this.show({ imported: false })
      case 'dismiss-said':
        return this.show({ said: null })
      case 'keep-later':
        return this.show({ offerKeep: false })
      case 'recovery-later':
        return this.show({ offerRecovery: false })
      default:
        this.#act(action)
    }
  }
}
