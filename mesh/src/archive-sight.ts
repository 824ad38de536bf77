/**
 * What an archivist has on top where an owner lets it read: the keys, and documents folded from what it keeps. Nothing of it
 * is stored. Rules: docs/spec.md, AR.
 */
import { type DocName, epochZeroKeyOf, type KeyId, type LogKey, limits, type RoomId } from '@parley/protocol'
import { foldLogs } from './document/fold-logs.ts'
import type { LogView } from './document/log-cursor.ts'
import type { AuthorBook } from './journal/author-book.ts'
import { EntrySeal } from './journal/entry-seal.ts'
import { EpochKeys } from './journal/epoch-keys.ts'
import type { Journal } from './journal/journal.ts'
import { openEntries, readEntries } from './journal/read-entries.ts'
import { decodeRosterRecord, Roster } from './journal/roster.ts'
import type { ReadDocument, RoomAuthor, RoomSight } from './kept-room-api.ts'
import type { Platform, Signer } from './ports.ts'
import { cleanName } from './presence/presence-state.ts'
import { documentNames } from './room-history.ts'

const ROSTER = 'roster' as DocName

export interface SightDeps {
  readonly roomId: RoomId
  readonly readKey: Uint8Array
  /** Whom owners wrap later keys for: this device, and the invite that it came by. */
  readonly signers: readonly Signer[]
  readonly platform: Pick<Platform, 'cipher' | 'clock' | 'keyring' | 'random'>
  readonly journal: Journal
  readonly authors: () => AuthorBook
}

export class ArchiveSight implements RoomSight {
  readonly epochs: EpochKeys
  readonly signers: readonly Signer[]
  readonly #deps: SightDeps
  readonly #seal: EntrySeal
  /** Read anew when somebody told a name since. */
  #named: { readonly revision: string; readonly roster: Roster } | null = null

  constructor(deps: SightDeps) {
    const { cipher, keyring, random } = deps.platform
    this.#deps = deps
    this.signers = deps.signers
    this.epochs = new EpochKeys(epochZeroKeyOf(deps.readKey))
    this.#seal = new EntrySeal({ roomId: deps.roomId, cipher, keyring, random }, this.epochs)
  }

  documents(): DocName[] {
    return documentNames(this.#deps.journal)
  }

  /** Logs only grow or are cut, and keys are only added. */
  revisionOf(document: DocName): string {
    const logs = this.#deps.journal.logsOf(document)
    return [this.epochs.later.length, ...logs.map(({ seq, cut }) => `${seq}/${cut ?? ''}`)].join(' ')
  }

  async read(document: DocName): Promise<ReadDocument> {
    const logs = this.#deps.journal.logsOf(document)
    const standing = logs.map((log) => log.standing)
    const { journal } = this.#deps
    const open = ({ key }: LogView, seq: number, count: number) =>
      openEntries(journal, this.#seal, key as LogKey, seq, count)
    const yieldToHost = () => this.#deps.platform.clock.yieldToHost()
    const { doc, applied, refused } = await foldLogs(logs, { open, yieldToHost })
    const missingCount = standing.reduce((sum, count, i) => {
      // What is refused stands nowhere, and so does what follows it.
      const allowed = Math.min(count, ...refused.filter(({ log }) => log === i).map(({ update }) => update))
      return sum + Math.max(0, allowed - (applied[i] ?? 0))
    }, 0)
    return { doc, missingCount }
  }

  /** Who wrote what stands in it, the latest first. */
  async authorsOf(document: DocName): Promise<RoomAuthor[]> {
    const roster = await this.#roster()
    const lastMs = new Map<KeyId, number>()
    for (const log of this.#deps.journal.logsOf(document)) {
      const timeMs = log.factsAt(log.standing)?.timeMs
      if (timeMs !== undefined) lastMs.set(log.author, Math.max(timeMs, lastMs.get(log.author) ?? 0))
    }
    const roleOf = (key: KeyId) => this.#deps.authors().standingOf(key)?.role ?? null
    return [...lastMs]
      .sort(([, a], [, b]) => b - a)
      .map(([key, timeMs]) => ({ key, name: roster.nameOf(key) ?? '', role: roleOf(key), lastMs: timeMs }))
  }

  async #roster(): Promise<Roster> {
    const revision = this.revisionOf(ROSTER)
    if (this.#named?.revision === revision) return this.#named.roster
    const roster = new Roster()
    for (const log of this.#deps.journal.logsOf(ROSTER)) {
      const [entry] = log.standing > 0 ? await readEntries(this.#deps.journal, log, log.standing, 1) : []
      const plaintext = entry && (await this.#seal.open(entry))
      const said = plaintext && decodeRosterRecord(plaintext)
      if (said) roster.add(log.author, entry.timeMs, { name: cleanName(said.name, limits.NAME_CHARACTERS) })
    }
    this.#named = { revision, roster }
    return roster
  }
}
