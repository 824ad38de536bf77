/** Invites: who may sign one, what it says, and which of them are live. */
import {
  decodeChain,
  encodeChain,
  formatRoomLink,
  inviteAgreementSeedOf,
  type KeyId,
  keyIdOf,
  limits,
  type Role,
  roleNarrows,
  type SignedGrant,
  type Standing,
  signalKeyOf,
  signGrant,
} from '@parley/protocol'
import type { DocumentHandle, Invite, InviteOptions } from './api.ts'
import { ParleyError } from './errors.ts'
import type { Recipient } from './journal/epoch-keys.ts'
import { listedInvites } from './journal/invites.ts'
import type { Platform, Signer } from './ports.ts'
import { type Entrance, grantTo } from './room-secrets.ts'

/** Map in the document `invites`: chains of grants by the key of the invite. */
const INVITE_KEYS = 'keys'

export interface InvitesDeps {
  readonly platform: Platform
  readonly entrance: Entrance
  /** The document `invites`. */
  readonly listed: () => DocumentHandle
  /** `null` where the root key is not kept. */
  readonly rootSigner: () => Promise<Signer | null>
  /** An owner's word that an archivist's invite lets it read. */
  readonly giveSight: (invite: Recipient) => Promise<void>
  readonly relayOnly: () => boolean
}

export class RoomInvites {
  readonly #deps: InvitesDeps

  constructor(deps: InvitesDeps) {
    this.#deps = deps
  }

  /** `base` is the address of the app without a fragment. Throws {@link ParleyError} `not-allowed`. */
  async create(base: string, options: InviteOptions): Promise<Invite> {
    const { platform, entrance } = this.#deps
    const { roomId, standing, chain } = entrance.identity
    const { role } = options
    const seed = platform.random.bytes(32)
    const invite = await platform.keyring.fromSeeds(seed, inviteAgreementSeedOf(seed))
    const notAfterMs = Math.min(options.notAfterMs, standing.notAfterMs)
    const { signer, grants } = await this.#inviter(role)
    const may = options.may ?? (role === 'owner' ? 'invite' : 'own-devices')
    const grant = await grantTo(invite, platform, { role, may, notAfterMs })
    const signed = await signGrant(roomId, signer.publicKey, grant, (message) => signer.sign(message))
    const { rootKey } = decodeChain(chain)
    const { readKey } = entrance.secrets
    const isBlind = role === 'archivist' && !options.sighted
    const secret = isBlind ? { signalKey: signalKeyOf(readKey) } : { readKey }
    const fields = {
      roomId,
      ...secret,
      chain: { rootKey, grants: [...grants, signed] },
      inviteSeed: seed,
      via: [],
      ...(this.#deps.relayOnly() ? { relayOnly: true as const } : {}),
    }
    const key = keyIdOf(invite.publicKey)
    // Later keys are wrapped for who is listed: a blind archivist gets none.
    if (!isBlind) await this.#list(key, encodeChain(fields.chain))
    if (role === 'archivist' && !isBlind) await this.#deps.giveSight({ key, agreement: invite.agreementKey })
    return { key, agreement: invite.agreementKey, link: formatRoomLink(base, fields), role, notAfterMs }
  }

  /** Invites that have not ended, as far as the document `invites` tells. */
  async live(): Promise<Standing[]> {
    const { listed, platform, entrance } = this.#deps
    const document = listed()
    await document.whenLoaded
    return listedInvites(document.doc.getMap(INVITE_KEYS), {
      roomId: entrance.identity.roomId,
      verify: (...signed) => platform.keyring.verify(...signed),
      nowMs: platform.clock.nowMs(),
    })
  }

  /** Who signs: this device, or for another owner the root key. */
  async #inviter(role: Role): Promise<{ signer: Signer; grants: readonly SignedGrant[] }> {
    const { standing, signer, chain } = this.#deps.entrance.identity
    if (standing.may !== 'invite' || !roleNarrows(standing.role, role)) {
      throw new ParleyError('not-allowed', 'this device may not invite others with that role')
    }
    if (role === 'owner') {
      const root = await this.#deps.rootSigner()
      if (root) return { signer: root, grants: [] }
      throw new ParleyError('not-allowed', 'only the root key names another owner')
    }
    const { grants } = decodeChain(chain)
    if (grants.length + 2 <= limits.CHAIN_GRANTS) return { signer, grants }
    throw new ParleyError('not-allowed', 'the chain of grants is too long to invite others')
  }

  async #list(key: KeyId, chain: Uint8Array): Promise<void> {
    const listed = this.#deps.listed()
    await listed.whenLoaded
    if (listed.writable) listed.doc.getMap(INVITE_KEYS).set(key, chain)
  }
}
