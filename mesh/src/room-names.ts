/** The roster of a room: names that everybody gave themselves, here now or not, and telling one's own. Rules: docs/spec.md, MT. */
import { type DocName, decodeEntry, type KeyId, limits } from '@parley/protocol'
import type { AuthorLog } from './journal/author-log.ts'
import type { EntrySeal } from './journal/entry-seal.ts'
import type { Journal } from './journal/journal.ts'
import { decodeRosterRecord, encodeRosterRecord, Roster } from './journal/roster.ts'
import { cleanName } from './presence/presence-state.ts'

const ROSTER = 'roster' as DocName

export interface NamesDeps {
  readonly self: KeyId
  readonly nowMs: () => number
  readonly journal: Journal
  readonly seal: Pick<EntrySeal, 'open'>
  readonly mayWrite: () => boolean
  /** One entry of the roster, in a session of its own. */
  readonly write: (content: Uint8Array) => Promise<unknown>
  readonly changed: () => void
}

export class RoomNames {
  readonly #deps: NamesDeps
  readonly #roster = new Roster()

  constructor(deps: NamesDeps) {
    this.#deps = deps
  }

  /** As they last said, empty when they never did. */
  of(key: KeyId): string {
    return this.#roster.nameOf(key) ?? ''
  }

  /** All that can be read with the keys that are known. */
  async readAll(): Promise<void> {
    for (const log of this.#deps.journal.logsOf(ROSTER)) await this.read(log)
  }

  /** What the last entry of a log of the roster says. */
  async read(log: AuthorLog): Promise<void> {
    const record = log.record(log.standing)
    const plaintext = record && (await this.#deps.seal.open(decodeEntry(record.bytes)))
    const said = plaintext && decodeRosterRecord(plaintext)
    if (!said) return
    this.#roster.add(log.author, record.timeMs, { name: cleanName(said.name, limits.NAME_CHARACTERS) })
    this.#deps.changed()
  }

  /** Once per name: what owners know a member by when it is not here. */
  async tell(own: string): Promise<void> {
    const { self, nowMs, mayWrite, write } = this.#deps
    const name = cleanName(own, limits.NAME_CHARACTERS)
    if (!mayWrite() || name === '' || this.#roster.nameOf(self) === name) return
    this.#roster.add(self, nowMs(), { name })
    await write(encodeRosterRecord({ name }))
  }
}
