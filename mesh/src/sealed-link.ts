/**
 * A link to an archivist, sealed to its X25519 key: whoever hands it on learns neither the invite nor the signal key.
 * Rules: docs/spec.md, AR.
 */
import {
  concatBytes,
  deriveKey,
  IV_BYTES,
  limits,
  sealedLinkAdditionalData,
  sealedLinkInfo,
  utf8,
  utf8Decode,
} from '@parley/protocol'
import { ParleyError } from './errors.ts'
import type { Platform, Signer } from './ports.ts'

const KEY_BYTES = 32
const TAG_BYTES = 16

/**
 * @param agreementKey the archivist's X25519 key, 32 bytes
 * @param link a room link, whole or from `#` on
 * @throws {@link ParleyError} `archivist-refused` for a key that gives no secret, or a link that is too long
 */
export async function sealLink(
  platform: Pick<Platform, 'cipher' | 'keyring' | 'random'>,
  agreementKey: Uint8Array,
  link: string,
): Promise<Uint8Array> {
  const { cipher, keyring, random } = platform
  const ephemeral = await keyring.fromSeeds(random.bytes(KEY_BYTES), random.bytes(KEY_BYTES))
  const shared = await ephemeral.agree(agreementKey)
  const plaintext = utf8(link)
  if (!shared || plaintext.length > limits.SEALED_LINK_BYTES - KEY_BYTES - IV_BYTES - TAG_BYTES) {
    throw new ParleyError('archivist-refused', 'the link cannot be sealed for this archivist')
  }
  const key = await cipher.importKey(deriveKey(shared, sealedLinkInfo(agreementKey, ephemeral.agreementKey)))
  const iv = random.bytes(IV_BYTES)
  const additionalData = sealedLinkAdditionalData(agreementKey, ephemeral.agreementKey)
  return concatBytes(ephemeral.agreementKey, iv, await cipher.encrypt(key, iv, additionalData, plaintext))
}

/** The link in `sealed`; `null` when it was sealed for another key, or altered. */
export async function openSealedLink(
  platform: Pick<Platform, 'cipher'>,
  signer: Signer,
  sealed: Uint8Array,
): Promise<string | null> {
  if (sealed.length < KEY_BYTES + IV_BYTES + TAG_BYTES || sealed.length > limits.SEALED_LINK_BYTES)
    return null
  const ephemeral = sealed.slice(0, KEY_BYTES)
  const shared = await signer.agree(ephemeral)
  if (!shared) return null
  const key = await platform.cipher.importKey(
    deriveKey(shared, sealedLinkInfo(signer.agreementKey, ephemeral)),
  )
  const iv = sealed.slice(KEY_BYTES, KEY_BYTES + IV_BYTES)
  const additionalData = sealedLinkAdditionalData(signer.agreementKey, ephemeral)
  const plaintext = await platform.cipher.decrypt(key, iv, additionalData, sealed.slice(KEY_BYTES + IV_BYTES))
  return plaintext && decodeOrNull(plaintext)
}

function decodeOrNull(plaintext: Uint8Array): string | null {
  try {
    return utf8Decode(plaintext)
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}
