/** Sealing and opening entries: the only place where plaintext of a document meets the journal. */
import {
  concatBytes,
  type DocName,
  decodeEntry,
  docKeyOf,
  type EntryHeader,
  type EpochId,
  encodeEntryHeader,
  entryAdditionalData,
  entryMessage,
  equalBytes,
  IV_BYTES,
  idBytes,
  type RoomId,
  type SealedEntry,
  sha256,
} from '@parley/protocol'
import type { AeadKey, Cipher, Keyring, MaybePromise, Random, Signer } from '../ports.ts'

/** The room key in force and what derives from it; further epochs will come through `meta`. */
export interface Epoch {
  readonly id: EpochId
  readonly key: Uint8Array
}

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
  readonly #epoch: Epoch
  readonly #docKeys = new Map<DocName, MaybePromise<AeadKey>>()

  constructor(deps: SealDeps, epoch: Epoch) {
    this.#deps = deps
    this.#epoch = epoch
  }

  get epochId(): EpochId {
    return this.#epoch.id
  }

  #docKey(doc: DocName): MaybePromise<AeadKey> {
    let key = this.#docKeys.get(doc)
    if (!key) {
      key = this.#deps.cipher.importKey(docKeyOf(this.#epoch.key, doc))
      this.#docKeys.set(doc, key)
    }
    return key
  }

  /** Encrypts, signs and packs one update. */
  async seal(
    header: Omit<EntryHeader, 'epoch'>,
    plaintext: Uint8Array,
    signer: Signer,
  ): Promise<HashedEntry> {
    const { roomId, cipher, random } = this.#deps
    const headerBytes = encodeEntryHeader({ ...header, epoch: this.#epoch.id })
    const iv = random.bytes(IV_BYTES)
    const key = await this.#docKey(header.doc)
    const ciphertext = await cipher.encrypt(key, iv, entryAdditionalData(roomId, headerBytes), plaintext)
    const message = entryMessage(roomId, headerBytes, iv, ciphertext)
    const signature = await signer.sign(message)
    const bytes = concatBytes(headerBytes, iv, ciphertext, signature)
    return { entry: decodeEntry(bytes), hash: sha256(message) }
  }

  /** `null` when it was sealed under another key or altered. */
  async open(entry: SealedEntry): Promise<Uint8Array | null> {
    if (entry.epoch.counter !== this.#epoch.id.counter) return null
    if (!equalBytes(entry.epoch.keyHash, this.#epoch.id.keyHash)) return null
    const key = await this.#docKey(entry.doc)
    const additionalData = entryAdditionalData(this.#deps.roomId, entry.headerBytes)
    return this.#deps.cipher.decrypt(key, entry.iv, additionalData, entry.ciphertext)
  }

  hash(entry: SealedEntry): Uint8Array {
    return sha256(entryMessage(this.#deps.roomId, entry.headerBytes, entry.iv, entry.ciphertext))
  }

  verify(entry: SealedEntry): MaybePromise<boolean> {
    const message = entryMessage(this.#deps.roomId, entry.headerBytes, entry.iv, entry.ciphertext)
    return this.#deps.keyring.verify(idBytes(entry.author), message, entry.signature)
  }
}
