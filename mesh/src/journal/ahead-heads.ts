/** Heads that one neighbour has told and that are ahead of ours. Bounded, and no author's logs stand before others'. */
import type { Head, KeyId, LogKey } from '@parley/protocol'
import { AHEAD_LOGS, AHEAD_LOGS_PER_AUTHOR } from '../limits.ts'

export class AheadHeads {
  readonly #all = new Map<LogKey, Head>()
  readonly #byAuthor = new Map<KeyId, Map<LogKey, Head>>()

  get size(): number {
    return this.#all.size
  }

  get(log: LogKey): Head | undefined {
    return this.#all.get(log)
  }

  /** One for which there is no room is left out: the next digest tells of it again, when others were fetched. */
  add(head: Head): void {
    const { author, log } = head
    const ofAuthor = this.#byAuthor.get(author) ?? new Map<LogKey, Head>()
    const isNew = !this.#all.has(log)
    if (isNew && (this.#all.size >= AHEAD_LOGS || ofAuthor.size >= AHEAD_LOGS_PER_AUTHOR)) return
    this.#all.set(log, head)
    ofAuthor.set(log, head)
    this.#byAuthor.set(author, ofAuthor)
  }

  delete(log: LogKey): void {
    const head = this.#all.get(log)
    if (!head) return
    this.#all.delete(log)
    const ofAuthor = this.#byAuthor.get(head.author)
    ofAuthor?.delete(log)
    if (ofAuthor?.size === 0) this.#byAuthor.delete(head.author)
  }

  values(): IterableIterator<Head> {
    return this.#all.values()
  }

  /** One log of each author in turn, those told first before later ones. */
  *inTurn(): Generator<Head> {
    let authors = [...this.#byAuthor.values()].map((heads) => heads.values())
    while (authors.length > 0) {
      const left: typeof authors = []
      for (const heads of authors) {
        const next = heads.next()
        if (next.done) continue
        yield next.value
        left.push(heads)
      }
      authors = left
    }
  }
}
