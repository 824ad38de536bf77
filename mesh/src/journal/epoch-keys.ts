/**
 * The keys that a room has been sealed under. A revocation makes a new one: wrapped in `meta` for whoever remains, and
 * handed on over proven links. Rules: docs/spec.md, EP.
 */
import {
  concatBytes,
  deriveKey,
  type EpochId,
  type EpochRecord,
  epochIdOf,
  equalBytes,
  IV_BYTES,
  type KeyId,
  keyIdOf,
  toBase64Url,
  type WrappedKey,
  wrapInfo,
} from '@parley/protocol'
import type { Cipher, Keyring, Random, Signer } from '../ports.ts'

export interface Epoch {
  readonly id: EpochId
  readonly key: Uint8Array
}

export class EpochKeys {
  readonly #epochs = new Map<string, Epoch>()
  #current: Epoch

  /** @param zero key of epoch 0, from the read key */
  constructor(zero: Uint8Array) {
    this.#current = { id: epochIdOf(0, zero), key: zero }
    this.#epochs.set(nameOf(this.#current.id), this.#current)
  }

  /** The highest known: what is written from now on is sealed under it. */
  get current(): Epoch {
    return this.#current
  }

  get(id: EpochId): Epoch | undefined {
    return this.#epochs.get(nameOf(id))
  }

  /** Ascending; epoch 0 is in every link and not among them. */
  get later(): Epoch[] {
    return this.all.filter(({ id }) => id.counter > 0)
  }

  /** Ascending. */
  get all(): Epoch[] {
    return [...this.#epochs.values()].sort((a, b) => a.id.counter - b.id.counter)
  }

  /**
   * Returns whether it was new. Of two with one counter the higher hash is written under, both are read. Of epoch 0 there is
   * one key, and it comes from the link.
   */
  add(counter: number, key: Uint8Array): boolean {
    if (counter === 0) return false
    const epoch = { id: epochIdOf(counter, key), key: key.slice() }
    const name = nameOf(epoch.id)
    if (this.#epochs.has(name)) return false
    this.#epochs.set(name, epoch)
    if (isLater(epoch.id, this.#current.id)) this.#current = epoch
    return true
  }
}

function nameOf(id: EpochId): string {
  return `${id.counter} ${toBase64Url(id.keyHash)}`
}

function isLater(a: EpochId, b: EpochId): boolean {
  return a.counter > b.counter || (a.counter === b.counter && toBase64Url(a.keyHash) > toBase64Url(b.keyHash))
}

export interface Recipient {
  readonly key: KeyId
  /** X25519 */
  readonly agreement: Uint8Array
}

export interface WrapPorts {
  readonly cipher: Cipher
  readonly keyring: Keyring
  readonly random: Random
}

/** A record that gives `key` to each recipient and to nobody else. */
export async function wrapEpoch(
  ports: WrapPorts,
  counter: number,
  key: Uint8Array,
  recipients: readonly Recipient[],
): Promise<EpochRecord> {
  const { keyring, random } = ports
  const ephemeral = await keyring.fromSeeds(random.bytes(32), random.bytes(32))
  const wraps = await Promise.all(recipients.map((recipient) => wrapFor(ports, ephemeral, recipient, key)))
  const { keyHash } = epochIdOf(counter, key)
  return { type: 'epoch', counter, keyHash, wraps: wraps.filter((wrap) => wrap !== null) }
}

async function wrapFor(
  { cipher, random }: WrapPorts,
  ephemeral: Signer,
  recipient: Recipient,
  key: Uint8Array,
): Promise<WrappedKey | null> {
  const shared = await ephemeral.agree(recipient.agreement)
  if (!shared) return null
  const wrapKey = await cipher.importKey(
    deriveKey(shared, wrapInfo(recipient.agreement, ephemeral.agreementKey)),
  )
  const iv = random.bytes(IV_BYTES)
  const sealed = await cipher.encrypt(
    wrapKey,
    iv,
    concatBytes(recipient.agreement, ephemeral.agreementKey),
    key,
  )
  return { recipient: recipient.key, ephemeral: ephemeral.agreementKey, iv, sealed }
}

/** The key in a record, where one of these signers is among its recipients and it is what the record names. */
export async function unwrapEpoch(
  { cipher }: Pick<WrapPorts, 'cipher'>,
  record: EpochRecord,
  signers: readonly Signer[],
): Promise<Uint8Array | null> {
  for (const signer of signers) {
    const own = keyIdOf(signer.publicKey)
    for (const wrap of record.wraps) {
      if (wrap.recipient !== own) continue
      const key = await openWrap(cipher, wrap, signer)
      if (key && equalBytes(epochIdOf(record.counter, key).keyHash, record.keyHash)) return key
    }
  }
  return null
}

async function openWrap(cipher: Cipher, wrap: WrappedKey, signer: Signer): Promise<Uint8Array | null> {
  const shared = await signer.agree(wrap.ephemeral)
  if (!shared) return null
  const key = await cipher.importKey(deriveKey(shared, wrapInfo(signer.agreementKey, wrap.ephemeral)))
  return cipher.decrypt(key, wrap.iv, concatBytes(signer.agreementKey, wrap.ephemeral), wrap.sealed)
}
