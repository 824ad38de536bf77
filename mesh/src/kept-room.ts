/** A room as it is kept somewhere, without anybody in it: its journal and what stands of it, by the rules of a room. */
import {
  epochIdOf,
  epochZeroKeyOf,
  equalBytes,
  type FileKeys,
  type KeyId,
  type LogKey,
  type RoomId,
} from '@parley/protocol'
import { AuthorBook } from './journal/author-book.ts'
import { EntrySeal } from './journal/entry-seal.ts'
import { EpochKeys } from './journal/epoch-keys.ts'
import { Journal } from './journal/journal.ts'
import type { Meta } from './journal/meta.ts'
import { openEntries } from './journal/read-entries.ts'
import type { Platform, StoredRoom } from './ports.ts'
import { loadAuthors, loadEntries, loadProofs } from './room-load.ts'
import { RoomStanding } from './room-standing.ts'

export type KeptPorts = Pick<Platform, 'keyring' | 'cipher' | 'clock' | 'random'>
export type EpochKey = FileKeys['epochs'][number]

export interface KeptName {
  readonly roomId: RoomId
  readonly rootKey: KeyId
  /** `null` where nothing is to be read. */
  readonly readKey: Uint8Array | null
}

const NO_KEY = new Uint8Array(32)
const EPOCHS = 'epochs'

export class KeptRoom {
  readonly name: KeptName
  readonly journal: Journal = new Journal()
  readonly epochs: EpochKeys
  readonly seal: EntrySeal
  readonly standing: RoomStanding
  readonly authors: AuthorBook
  readonly #ports: KeptPorts

  constructor(ports: KeptPorts, name: KeptName) {
    const { keyring, cipher, random } = ports
    const { roomId, rootKey } = name
    const verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
      keyring.verify(key, message, signature)
    const ignore = (): void => undefined
    this.#ports = ports
    this.name = name
    this.epochs = new EpochKeys(epochZeroKeyOf(name.readKey ?? NO_KEY))
    this.seal = new EntrySeal({ roomId, cipher, keyring, random }, this.epochs)
    const { journal, epochs } = this
    this.standing = new RoomStanding(
      { roomId, rootKey, journal, authors: () => this.authors, epochs, cipher, verify, signers: [] },
      { cut: ignore, rightsChanged: ignore, epochLearned: ignore, forked: ignore },
    )
    this.authors = new AuthorBook(roomId, verify, this.standing.isVoid, ignore)
  }

  /** As a room loads: what does not fit together is left out. Returns how many entries were. */
  async load({ records, entries }: StoredRoom): Promise<number> {
    const { journal, authors, seal, standing } = this
    await loadAuthors(authors, records)
    for (const proof of loadProofs(records)) await standing.addProof(proof)
    const { clock } = this.#ports
    const onMeta = standing.addRecord.bind(standing)
    const leftOut = await loadEntries(
      {
        journal,
        authors,
        seal,
        clock,
        cutOf: standing.cutOf,
        onMeta: (entry) => onMeta(entry, true),
        settle: (log) => standing.recheck(log),
      },
      entries,
    )
    standing.recut()
    for (const { counter, key } of namedEpochs(standing.meta, loadEpochs(records)))
      standing.learnKey(counter, key)
    return leftOut
  }

  /** Plaintexts of a log from `seq` on; `null` for what cannot be opened. */
  open(key: LogKey, seq: number, count: number): Promise<(Uint8Array | null)[]> {
    return openEntries(this.journal, this.seal, key, seq, count)
  }
}

/** The record of a room's storage that keeps its later keys: their wraps may be for somebody else. */
export function epochsRecord(
  epochs: readonly EpochKey[],
): readonly [name: string, value: readonly EpochKey[]] {
  return [EPOCHS, epochs.map(({ counter, key }) => ({ counter, key: key.slice() }))]
}

export function loadEpochs(records: ReadonlyMap<string, unknown>): EpochKey[] {
  const kept = records.get(EPOCHS)
  return Array.isArray(kept) ? kept.filter(isEpochKey) : []
}

function isEpochKey(value: unknown): value is EpochKey {
  const { counter, key } = (value ?? {}) as Partial<EpochKey>
  return (
    Number.isSafeInteger(counter) && Number(counter) > 0 && key instanceof Uint8Array && key.length === 32
  )
}

/** Only keys that an owner's record names count. */
export function namedEpochs(meta: Meta, keys: readonly EpochKey[]): EpochKey[] {
  return keys.filter(({ counter, key }) => {
    const { keyHash } = epochIdOf(counter, key)
    return meta.epochs.some((record) => record.counter === counter && equalBytes(record.keyHash, keyHash))
  })
}
