/**
 * A link to an archivist, sealed so that the signaling server that hands it on cannot open it.
 *
 * sealed := ephemeral X25519 key(32) ‖ iv(12) ‖ AES-256-GCM(the link as UTF-8). Rules: docs/spec.md, AR.
 */
import { withContext } from './hash.ts'

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** HKDF info of the key: both X25519 public keys are bound in, as RFC 7748 §6.1 advises. */
export function sealedLinkInfo(recipientAgreement: Uint8Array, ephemeral: Uint8Array): string {
  return `parley/keep/v1/${hex(recipientAgreement)}${hex(ephemeral)}`
}

export function sealedLinkAdditionalData(
  recipientAgreement: Uint8Array,
  ephemeral: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return withContext('parley/keep/v1', recipientAgreement, ephemeral)
}
