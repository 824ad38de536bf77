/** Keys that follow from the read key of a room. */

import type { EpochId } from './entry.ts'
import { deriveKey, sha256 } from './hash.ts'
import type { DocName } from './ids.ts'

/** Seals signals; never rotates, so that whoever was away can always be introduced again. */
export function signalKeyOf(readKey: Uint8Array): Uint8Array {
  return deriveKey(readKey, 'parley/signal/v1')
}

export function epochZeroKeyOf(readKey: Uint8Array): Uint8Array {
  return deriveKey(readKey, 'parley/epoch/0')
}

export function epochIdOf(counter: number, epochKey: Uint8Array): EpochId {
  return { counter, keyHash: sha256(epochKey).slice(0, 8) }
}

export function docKeyOf(epochKey: Uint8Array, doc: DocName): Uint8Array {
  return deriveKey(epochKey, `parley/doc/v1/${doc}`)
}

export function presenceKeyOf(epochKey: Uint8Array): Uint8Array {
  return deriveKey(epochKey, 'parley/presence/v1')
}

/** Seed of an invite's X25519 key, from the Ed25519 seed in the link. */
export function inviteAgreementSeedOf(inviteSeed: Uint8Array): Uint8Array {
  return deriveKey(inviteSeed, 'parley/x25519')
}
