/** The cursors of one document's logs, and which of them waits for which client. */
import { compareLogHashes } from '@parley/protocol'
import { type Dependency, LogCursor, type LogView } from './log-cursor.ts'
import type { OwnClients } from './restricted-writes.ts'

export class LogCursors {
  readonly #byKey = new Map<string, LogCursor>()
  /** Of logs with one clientID the lowest hash. */
  readonly #byClient = new Map<number, LogCursor>()
  readonly #waiting = new Map<number, Set<LogCursor>>()

  of(log: LogView): LogCursor {
    const known = this.#byKey.get(log.key)
    if (known) return known
    const cursor = new LogCursor(log)
    this.#byKey.set(log.key, cursor)
    const taken = this.#byClient.get(log.clientId)
    if (!taken || compareLogHashes(log.hash, taken.log.hash) < 0) this.#byClient.set(log.clientId, cursor)
    return cursor
  }

  ofClient(client: number): LogCursor | undefined {
    return this.#byClient.get(client)
  }

  /** What the gate asks about a restricted author; `undefined` for everybody else. */
  ownOf({ restricted, author }: LogView): OwnClients | undefined {
    if (!restricted) return undefined
    return { isOwn: (client) => this.#byClient.get(client)?.log.author === author }
  }

  get waitingCount(): number {
    let count = 0
    for (const cursors of this.#waiting.values()) count += cursors.size
    return count
  }

  /** Clients that something waits for. */
  get missingClients(): readonly number[] {
    return [...this.#waiting.keys()]
  }

  get hasBlanked(): boolean {
    for (const cursor of this.#byKey.values()) if (cursor.applied > cursor.appliedInFull) return true
    return false
  }

  wait(cursor: LogCursor, missing: Dependency): void {
    cursor.wait(missing)
    const waiting = this.#waiting.get(missing.client)
    if (waiting) waiting.add(cursor)
    else this.#waiting.set(missing.client, new Set([cursor]))
  }

  /** The highest clock that anybody waits for in this log, `null` when nobody does. */
  neededClock(cursor: LogCursor): number | null {
    const { clientId } = cursor.log
    if (this.#byClient.get(clientId) !== cursor) return null
    let highest: number | null = null
    for (const { state } of this.#waiting.get(clientId) ?? [])
      if (state.name === 'waiting') highest = Math.max(highest ?? 0, state.missing.clock)
    return highest
  }

  /** No longer waiting, to be looked at again: those that waited for `client`. */
  wake(client: number): readonly LogCursor[] {
    const woken = [...(this.#waiting.get(client) ?? [])]
    this.#waiting.delete(client)
    for (const cursor of woken) if (cursor.state.name === 'waiting') cursor.state = { name: 'running' }
    return woken
  }

  /** No longer sealed, to be looked at again. */
  unsealed(): readonly LogCursor[] {
    const sealed = [...this.#byKey.values()].filter(({ state }) => state.name === 'sealed')
    for (const cursor of sealed) cursor.state = { name: 'running' }
    return sealed
  }

  wakeAll(): readonly LogCursor[] {
    return [...this.#waiting.keys()].flatMap((client) => this.wake(client))
  }
}
