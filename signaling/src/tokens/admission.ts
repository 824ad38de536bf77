/** What lets a client in: its grants, a token of the operator, or both. Rules: docs/spec.md, SG15, SG19. */
import type { RoomId, Standing } from '@parley/protocol'
import { admitsTo, type TokenFault, type VerifyToken } from './operator-token.ts'

export const ADMISSION_KINDS = ['grant', 'token', 'both'] as const
/**
 * `grant`: a chain that holds now. `token`: a token for the room; the chain names the key to prove, its end does not
 * count. `both`: both must hold, at every moment.
 */
export type AdmissionKind = (typeof ADMISSION_KINDS)[number]

export type AdmissionFault = TokenFault | 'missing' | 'room'

export class Admission {
  readonly #kind: AdmissionKind
  readonly #verifyToken: VerifyToken
  readonly #onFault: (fault: AdmissionFault) => void

  constructor(kind: AdmissionKind, verifyToken: VerifyToken, onFault: (fault: AdmissionFault) => void) {
    this.#kind = kind
    this.#verifyToken = verifyToken
    this.#onFault = onFault
  }

  /** Until when this chain admits, Unix milliseconds. */
  chainEndMs(standing: Standing): number {
    return this.#kind === 'token' ? Number.POSITIVE_INFINITY : standing.notAfterMs
  }

  /** Until when this token admits to the room; `null` when it does not. Infinite where none is asked for. */
  async tokenEndMs(roomId: RoomId, token: string | undefined): Promise<number | null> {
    if (this.#kind === 'grant') return Number.POSITIVE_INFINITY
    if (token === undefined) return this.#refuse('missing')
    const verdict = await this.#verifyToken(token)
    if (!verdict.ok) return this.#refuse(verdict.fault)
    return admitsTo(verdict.rooms, roomId) ? verdict.untilMs : this.#refuse('room')
  }

  #refuse(fault: AdmissionFault): null {
    this.#onFault(fault)
    return null
  }
}
