/**
 * Entries that lie in storage and not in memory: the facts of single ones are asked for when they are needed, and kept for a
 * while. What is needed at once and is not at hand is said again, by `recalled`, when it has come.
 */
import type { EntryArchive } from '../ports.ts'
import type { AuthorLog } from './author-log.ts'

/** Of one entry: enough to judge others by. */
export interface DeepFacts {
  readonly hash: Uint8Array
  readonly timeMs: number
}

export interface DeepEvents {
  /** Facts of this log came that somebody had asked for. */
  recalled(log: AuthorLog): void
  failed(error: unknown): void
}

/** Facts at hand, of all logs together: 3 MB; what owners and proofs cut, and what neighbours send again. */
const FACTS_KEPT = 16_384

export class DeepEntries {
  readonly #archive: EntryArchive
  readonly #events: DeepEvents
  readonly #known = new Map<string, DeepFacts>()
  readonly #asked = new Map<string, Promise<DeepFacts | null>>()
  /** How often something was given up: what was asked for before may be of that. */
  #givenUpCount = 0

  constructor(archive: EntryArchive, events: DeepEvents) {
    this.#archive = archive
    this.#events = events
  }

  /** `undefined` while they are being asked for. */
  at(log: AuthorLog, seq: number): DeepFacts | undefined {
    const known = this.#known.get(nameOf(log, seq))
    if (!known) void this.recall(log, seq)
    return known
  }

  /** `null` when storage cannot say. Never rejects. */
  recall(log: AuthorLog, seq: number): Promise<DeepFacts | null> {
    const name = nameOf(log, seq)
    const asked = this.#asked.get(name) ?? this.#ask(log, seq, name)
    this.#asked.set(name, asked)
    return asked
  }

  async #ask(log: AuthorLog, seq: number, name: string): Promise<DeepFacts | null> {
    try {
      for (;;) {
        const before = this.#givenUpCount
        const facts = this.#known.get(name) ?? (await this.#archive.facts(log.key, seq))
        if (before !== this.#givenUpCount) continue
        if (facts) this.#keep(name, facts)
        return facts
      }
    } catch (error) {
      this.#events.failed(error)
      return null
    } finally {
      this.#asked.delete(name)
      if (this.#known.has(name)) this.#events.recalled(log)
    }
  }

  #keep(name: string, facts: DeepFacts): void {
    this.#known.delete(name)
    this.#known.set(name, facts)
    const [oldest] = this.#known.keys()
    if (this.#known.size > FACTS_KEPT && oldest !== undefined) this.#known.delete(oldest)
  }

  /** Resolves when nothing is being asked for. */
  async settled(): Promise<void> {
    while (this.#asked.size > 0) await Promise.all(this.#asked.values())
  }

  /** From `seq` on others may come. */
  giveUp(log: AuthorLog, seq: number): void {
    this.#givenUpCount++
    for (const name of this.#known.keys()) {
      if (name.startsWith(`${log.key} `) && Number(name.slice(log.key.length + 1)) >= seq)
        this.#known.delete(name)
    }
    this.#archive.giveUp(log.key, seq)
  }

  /** In the order of storing. Rejects as storage does, which is told as well. */
  async *read(ranges: Parameters<EntryArchive['read']>[0]): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#archive.read(ranges)
    } catch (error) {
      this.#events.failed(error)
      throw error
    }
  }
}

function nameOf(log: AuthorLog, seq: number): string {
  return `${log.key} ${seq}`
}
