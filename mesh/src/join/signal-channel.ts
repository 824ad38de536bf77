/** Seals and opens what peers tell each other through signaling; the server sees ciphertext and sizes. */
import {
  concatBytes,
  IV_BYTES,
  type PeerId,
  parseSealedSignal,
  type SealedSignal,
  signalAdditionalData,
  utf8,
  utf8Decode,
} from '@parley/protocol'
import type { Cipher, Random } from '../ports.ts'
import type { Identity } from './identity.ts'

export interface SignalChannelDeps {
  readonly identity: Identity
  readonly cipher: Cipher
  readonly random: Random
}

export async function sealSignal(
  deps: SignalChannelDeps,
  from: PeerId,
  to: PeerId,
  signal: SealedSignal,
): Promise<Uint8Array> {
  const iv = deps.random.bytes(IV_BYTES)
  const additionalData = signalAdditionalData(deps.identity.roomId, from, to)
  const plaintext = utf8(JSON.stringify(signal))
  return concatBytes(iv, await deps.cipher.encrypt(deps.identity.signalKey, iv, additionalData, plaintext))
}

/** `null` for whatever was not sealed for this room, from this peer, to us. */
export async function openSignal(
  deps: SignalChannelDeps,
  from: PeerId,
  to: PeerId,
  sealed: Uint8Array,
): Promise<SealedSignal | null> {
  if (sealed.length <= IV_BYTES) return null
  const additionalData = signalAdditionalData(deps.identity.roomId, from, to)
  const iv = sealed.slice(0, IV_BYTES)
  const bytes = await deps.cipher.decrypt(deps.identity.signalKey, iv, additionalData, sealed.slice(IV_BYTES))
  if (!bytes) return null
  try {
    return parseSealedSignal(utf8Decode(bytes))
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}
