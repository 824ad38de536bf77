/** Sealing and opening entries: the only place where plaintext of a document meets the journal. */
import {
  concatBytes,
  type DocName,
  decodeEntry,
  docKeyOf,
  type EntryHeader,
  encodeEntryHeader,
  entryAdditionalData,
  entryMessage,
  IV_BYTES,
  idBytes,
  isEncrypted,
  type RoomId,
  type SealedEntry,
  sha256,
} from '@parley/protocol'
import type { AeadKey, Cipher, Keyring, MaybePromise, Random, Signer } from '../ports.ts'
import type { Epoch, EpochKeys } from './epoch-keys.ts'

export interface SealDeps {
  readonly roomId: RoomId
  readonly cipher: Cipher
  readonly keyring: Keyring
  readonly random: Random
}

/** A verified entry's place in its log. */
export interface HashedEntry {
  readonly entry: SealedEntry
  /** SHA-256 of the signed bytes, 32 bytes. */
  readonly hash: Uint8Array
}

export class EntrySeal {
  readonly #deps: SealDeps
  readonly #epochs: EpochKeys
  readonly #docKeys = new Map<Epoch, Map<DocName, MaybePromise<AeadKey>>>()

  constructor(deps: SealDeps, epochs: EpochKeys) {
    this.#deps = deps
    this.#epochs = epochs
  }

  #docKey(epoch: Epoch, doc: DocName): MaybePromise<AeadKey> {
    const keys = this.#docKeys.get(epoch) ?? new Map<DocName, MaybePromise<AeadKey>>()
    this.#docKeys.set(epoch, keys)
    const known = keys.get(doc)
    if (known) return known
    const key = this.#deps.cipher.importKey(docKeyOf(epoch.key, doc))
    keys.set(doc, key)
    return key
  }

  /** Encrypts (all but `meta`), signs and packs one update. */
  async seal(
    header: Omit<EntryHeader, 'epoch'>,
    plaintext: Uint8Array,
    signer: Signer,
  ): Promise<HashedEntry> {
    const epoch = this.#epochs.current
    const headerBytes = encodeEntryHeader({ ...header, epoch: epoch.id })
    const { iv, body } = isEncrypted(header.doc)
      ? await this.#encrypt(epoch, header.doc, headerBytes, plaintext)
      : { iv: new Uint8Array(IV_BYTES), body: plaintext }
    const message = entryMessage(this.#deps.roomId, headerBytes, iv, body)
    const signature = await signer.sign(message)
    const bytes = concatBytes(headerBytes, iv, body, signature)
    return { entry: decodeEntry(bytes), hash: sha256(message) }
  }

  async #encrypt(epoch: Epoch, doc: DocName, headerBytes: Uint8Array, plaintext: Uint8Array) {
    const iv = this.#deps.random.bytes(IV_BYTES)
    const key = await this.#docKey(epoch, doc)
    const additionalData = entryAdditionalData(this.#deps.roomId, headerBytes)
    return { iv, body: await this.#deps.cipher.encrypt(key, iv, additionalData, plaintext) }
  }

  /** Whether the key that an entry is sealed under is known here. */
  knows(entry: SealedEntry): boolean {
    return !isEncrypted(entry.doc) || this.#epochs.get(entry.epoch) !== undefined
  }

  /** `null` when it was sealed under a key that is not known here, or altered. */
  async open(entry: SealedEntry): Promise<Uint8Array | null> {
    if (!isEncrypted(entry.doc)) return entry.ciphertext
    const epoch = this.#epochs.get(entry.epoch)
    if (!epoch) return null
    const key = await this.#docKey(epoch, entry.doc)
    const additionalData = entryAdditionalData(this.#deps.roomId, entry.headerBytes)
    return this.#deps.cipher.decrypt(key, entry.iv, additionalData, entry.ciphertext)
  }

  hash(entry: SealedEntry): Uint8Array {
    return sha256(this.message(entry))
  }

  /** What the author signed; its SHA-256 is the entry's hash. */
  message(entry: SealedEntry): Uint8Array {
    return entryMessage(this.#deps.roomId, entry.headerBytes, entry.iv, entry.ciphertext)
  }

  verify(entry: SealedEntry, message: Uint8Array = this.message(entry)): MaybePromise<boolean> {
    return this.#deps.keyring.verify(idBytes(entry.author), message, entry.signature)
  }
}
