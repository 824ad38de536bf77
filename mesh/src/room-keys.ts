/**
 * The keys of a room's later epochs: handed on to whoever links with a right to them, taken where an owner's record names
 * them, stored, and what is derived from them. Rules: docs/spec.md, EP.
 */
import { type KeysFrame, presenceKeyOf } from '@parley/protocol'
import type { AuthorBook } from './journal/author-book.ts'
import type { EpochKeys } from './journal/epoch-keys.ts'
import { type EpochKey, epochsRecord, loadEpochs, namedEpochs } from './kept-room.ts'
import type { AeadKey, Cipher, Storage } from './ports.ts'
import type { LiveLink, RoomLinks } from './room-links.ts'
import type { RoomRights } from './room-rights.ts'
import type { RoomStanding } from './room-standing.ts'

/** Keys that wait for the record that names them. */
const UNNAMED_KEYS = 64
/** Of so many epochs, the one in force first, presence is opened. */
const PRESENCE_KEYS = 4

export interface KeysDeps {
  readonly epochs: EpochKeys
  readonly standing: Pick<RoomStanding, 'meta' | 'learnKey'>
  readonly authors: AuthorBook
  readonly rights: RoomRights
  readonly links: RoomLinks
  readonly cipher: Cipher
  readonly storage: Pick<Storage, 'put'>
}

export interface KeysEvents {
  /** Another key came to be known; what it opens can be read from now on. */
  learned(): Promise<void>
  /** The keys could not be stored. */
  failed(error: unknown): void
}

export class RoomKeys {
  readonly #deps: KeysDeps
  readonly #events: KeysEvents
  #presenceKeys: readonly AeadKey[]
  /** Keys of epochs that no record here names yet. */
  #unnamed: { readonly live: LiveLink; readonly epoch: EpochKey }[] = []

  /** @param presenceKey of epoch 0 */
  constructor(deps: KeysDeps, presenceKey: AeadKey, events: KeysEvents) {
    this.#deps = deps
    this.#events = events
    this.#presenceKeys = [presenceKey]
  }

  /** The one in force first. */
  get presenceKeys(): readonly AeadKey[] {
    return this.#presenceKeys
  }

  /** Ascending, without that of epoch 0. */
  get later(): EpochKey[] {
    return this.#deps.epochs.later.map(({ id, key }) => ({ counter: id.counter, key }))
  }

  /** Of earlier runs. */
  load(records: ReadonlyMap<string, unknown>): void {
    const { standing } = this.#deps
    for (const { counter, key } of namedEpochs(standing.meta, loadEpochs(records)))
      standing.learnKey(counter, key)
  }

  /** To a link of somebody who has a right to them. */
  send(live: LiveLink): void {
    const { authors, rights, links } = this.#deps
    const standing = authors.validStandingOf(live.key)
    if (!standing || !rights.hasRight(live.key) || standing.role === 'archivist') return
    const epochs = this.later
    if (epochs.length > 0) links.send(live, { type: 'keys', epochs })
  }

  /** Only keys that an owner's record names are taken. */
  handle(live: LiveLink, { epochs }: Pick<KeysFrame, 'epochs'>): void {
    const { standing } = this.#deps
    const named = new Set(namedEpochs(standing.meta, epochs))
    for (const epoch of epochs) {
      const { counter, key } = epoch
      if (named.has(epoch)) standing.learnKey(counter, key)
      // The record that names it may be under verification still.
      else if (this.#unnamed.length < UNNAMED_KEYS)
        this.#unnamed.push({ live, epoch: { counter, key: key.slice() } })
    }
  }

  /** Owners' records came: they may name what was told before. */
  retry(): void {
    for (const { live, epoch } of this.#unnamed.splice(0)) this.handle(live, { epochs: [epoch] })
  }

  detach(live: LiveLink): void {
    this.#unnamed = this.#unnamed.filter((one) => one.live !== live)
  }

  async handleLearned(): Promise<void> {
    const { storage, epochs, cipher, links } = this.#deps
    const { key } = epochs.current
    // Handed over by somebody: the wrap in `meta` may be for the invite that this device came by.
    storage.put(...epochsRecord(this.later)).catch((error: unknown) => this.#events.failed(error))
    const presenceKey = await cipher.importKey(presenceKeyOf(key))
    this.#presenceKeys = [presenceKey, ...this.#presenceKeys].slice(0, PRESENCE_KEYS)
    await this.#events.learned()
    for (const live of links.all) this.send(live)
  }
}
